#include "vouchctl/views.h"

namespace vouch {

namespace {

class ReloadView final : public View {
 public:
  std::string item(const Json&) override { return {}; }
  std::string end(const Json& last) override {
    std::string keys;
    for (const Json& key : list_in(last, "needs_restart")) {
      if (key.is_string()) { keys += "  " + printable(key.get_ref<const std::string&>()) + "\n"; }
    }
    if (keys.empty()) { return "Reloaded.\n"; }
    return "Reloaded, but what these keys say takes a restart of vouchd:\n" + keys;
  }
};

}  // namespace

std::unique_ptr<View> reload_view(const Asked&) { return std::make_unique<ReloadView>(); }

}  // namespace vouch
