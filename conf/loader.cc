#include "conf/loader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "conf/cross_checks.h"
#include "conf/map_reader.h"
#include "conf/named_files.h"
#include "conf/schema.h"
#include "conf/yaml_tree.h"

namespace vouch {

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) { ::close(descriptor_); }
  }
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::expected<FileText, std::string> read_file(const std::string& path) {
  const OpenFile file(path);
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) { return std::unexpected(reason(errno)); }
  if (S_ISDIR(status.st_mode)) { return std::unexpected("it is a folder"); }
  FileText out{.text = {}, .is_world_readable = (status.st_mode & S_IROTH) != 0};
  std::array<char, 16384> block{};
  for (;;) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { return std::unexpected(reason(errno)); }
    if (count == 0) { return out; }
    out.text.append(block.data(), static_cast<std::size_t>(count));
    if (out.text.size() > kMaxConfigOctets) {
      return std::unexpected("it is larger than " + std::to_string(kMaxConfigOctets) + " octets");
    }
  }
}

Loaded load_configuration(const std::string& path) {
  const auto file = read_file(path);
  if (!file) { return std::unexpected(std::vector<ConfigError>{{path, 0, 0, "cannot be read: " + file.error(), ""}}); }
  Loaded loaded = load_configuration_text(file->text, path, read_file);
  if (loaded) { loaded->files.configuration = path; }
  return loaded;
}

Loaded load_configuration_text(std::string_view text, const std::string& name, const FileReader& reader) {
  auto tree = parse_yaml(text);
  if (!tree) {
    YamlFault& fault = tree.error();
    return std::unexpected(
        std::vector<ConfigError>{{name, fault.line, fault.column, std::move(fault.problem), std::move(fault.remedy)}});
  }
  Problems problems(name);
  for (YamlFault& fault : tree->faults) {
    problems.add(name, fault.line, fault.column, std::move(fault.problem), std::move(fault.remedy));
  }
  Configuration configuration;
  MapReader<Configuration> map(schema(), configuration, problems);
  map.read(tree->root);
  check_across_keys(configuration, map.places(), problems);
  read_named_files(configuration, map.places(), reader, problems);
  if (problems.count() > 0) { return std::unexpected(problems.take()); }
  agree(configuration);
  return configuration;
}

}  // namespace vouch
