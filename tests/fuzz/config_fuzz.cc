// Any text as a configuration: it loads or is complained about, within bounds, and what loads can be printed and loads
// again as the same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "conf/document.h"
#include "conf/loader.h"

namespace {

// No file of the machine is read: every file that a configuration names says the same.
std::expected<vouch::FileText, std::string> read_nothing_real(const std::string& path) {
  if (path.ends_with("gone")) { return std::unexpected("No such file or directory"); }
  return vouch::FileText{.text = ". NS a.\na. A 127.0.0.1\n", .is_world_readable = false};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const vouch::Loaded loaded = vouch::load_configuration_text(text, "fuzz.yaml", read_nothing_real);
  if (!loaded) {
    if (loaded.error().empty() || loaded.error().size() > vouch::kMaxConfigErrors + 1) { std::abort(); }
    for (const vouch::ConfigError& error : loaded.error()) {
      for (const char c : error.text()) {
        if (c < ' ' || c > '~') { std::abort(); }
      }
    }
    return 0;
  }
  if (!loaded->front.cookie_secret.empty()) { return 0; }  // a secret is not printed, so it does not come back
  const std::string printed = vouch::effective_document(*loaded);
  const vouch::Loaded again = vouch::load_configuration_text(printed, "printed.yaml", read_nothing_real);
  if (!again || vouch::effective_document(*again) != printed) { std::abort(); }
  return 0;
}
