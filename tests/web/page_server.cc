// The real router and web server over sample figures, for the browser tests and for whoever works on the pages.
//
//   web_page_server [--port PORT] [--token TOKEN] [--sample NAME]
//
// Prints the address as its first line; ends when its standard input does.
#include <event2/event.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "resolver/base/clock.h"
#include "telemetry/web/router.h"
#include "telemetry/web/web_server.h"
#include "tests/web/sample_figures.h"

namespace vouch {
namespace {

class SampleSource final : public WebSource, public SiteChecker {
 public:
  explicit SampleSource(Sample sample) : sample_(std::move(sample)) {}
  const Figures& figures() override { return sample_.figures; }
  const StatusFigures& status() override { return sample_.status; }
  std::vector<HourFigures> hours(UnixTime, UnixTime) override { return sample_.month; }
  SiteChecker& sites() override { return *this; }
  bool is_serving() override { return true; }
  // One after the other, whatever is asked for.
  void check(std::string_view name, Done done) override {
    if (sample_.reports.empty()) {
      done(std::nullopt);
      return;
    }
    SiteReport report = sample_.reports[checks_++ % sample_.reports.size()];
    if (sample_.name != "hostile") { report.name = name; }
    done(std::move(report));
  }

 private:
  const Sample sample_;
  std::size_t checks_ = 0;
};

struct Arguments {
  std::uint16_t port = 0;
  std::string token;
  std::string sample = "rich";
};

Arguments arguments_in(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--port") {
      arguments.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    } else if (option == "--token") {
      arguments.token = argv[i + 1];
    } else if (option == "--sample") {
      arguments.sample = argv[i + 1];
    }
  }
  return arguments;
}

void input_came(evutil_socket_t fd, short, void* base) {
  char octet = 0;
  if (read(fd, &octet, 1) <= 0) { event_base_loopbreak(static_cast<event_base*>(base)); }
}

int serve(const Arguments& arguments) {
  const std::vector<Sample> samples = all_samples();
  const auto sample = std::ranges::find(samples, arguments.sample, &Sample::name);
  if (sample == samples.end()) {
    std::fprintf(stderr, "there is no sample of this name\n");
    return EXIT_FAILURE;
  }
  const std::unique_ptr<event_base, void (*)(event_base*)> base(event_base_new(), &event_base_free);
  const SystemClock clock(TtlClock::monotonic);
  SampleSource source(*sample);
  WebOptions options;
  options.listen = {SocketAddress(IpAddress::parse("127.0.0.1").value(), arguments.port)};
  options.token = arguments.token;
  Router router(source, options, clock);
  const auto server = WebServer::create(base.get(), router);
  if (const auto bound = server->listen_on(options.listen.front()); !bound) {
    std::fprintf(stderr, "%s\n", bound.error().c_str());
    return EXIT_FAILURE;
  }
  const std::unique_ptr<event, void (*)(event*)> input(
      event_new(base.get(), STDIN_FILENO, EV_READ | EV_PERSIST, &input_came, base.get()), &event_free);
  if (input != nullptr) { event_add(input.get(), nullptr); }
  std::printf("http://127.0.0.1:%d\n", server->addresses().front().port());
  std::fflush(stdout);
  event_base_dispatch(base.get());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace vouch

int main(int argc, char** argv) { return vouch::serve(vouch::arguments_in(argc, argv)); }
