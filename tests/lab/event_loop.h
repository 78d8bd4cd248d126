#pragma once

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>

namespace vouch::lab {

struct FreeEventBase {
  void operator()(event_base* base) const { event_base_free(base); }
};
struct FreeEvent {
  void operator()(event* one) const { event_free(one); }
};
struct FreeBufferevent {
  void operator()(bufferevent* one) const { bufferevent_free(one); }
};
using EventBase = std::unique_ptr<event_base, FreeEventBase>;
using Event = std::unique_ptr<event, FreeEvent>;
using Bufferevent = std::unique_ptr<bufferevent, FreeBufferevent>;

// Does things later, for replies that are to be late. Ends with its event base's life; what waits then never happens.
class DelayLine {
 public:
  explicit DelayLine(event_base* base);

  // When too much waits already, `what` is dropped: the network would do so, too.
  void after(std::chrono::milliseconds delay, std::function<void()> what);

 private:
  static constexpr std::size_t kMostWaiting = 100'000;

  static void on_timer(evutil_socket_t, short, void* self);
  void run_due();
  void arm();

  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> waiting_;
  Event timer_;
};

}  // namespace vouch::lab
