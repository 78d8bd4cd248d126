#include "vouchctl/views.h"

namespace vouch {

namespace {

class ReloadView final : public View {
 public:
  std::string end(const Json& last) override {
    const std::string changed = keys(last, "changed"), waiting = keys(last, "needs_restart");
    std::string out = changed.empty() ? "Reloaded.\n" : "Reloaded. New values hold for:\n" + changed;
    if (!waiting.empty()) { out += "What these keys say takes a restart of vouchd:\n" + waiting; }
    return out;
  }

 private:
  static std::string keys(const Json& last, std::string_view member) {
    std::string out;
    for (const Json& key : list_in(last, member)) {
      if (key.is_string()) { out += "  " + printable(key.get_ref<const std::string&>()) + "\n"; }
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<View> reload_view(const Asked&) { return std::make_unique<ReloadView>(); }

}  // namespace vouch
