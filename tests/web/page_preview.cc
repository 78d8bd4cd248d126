// Writes every page, in every language, for both kinds of viewer and every set of sample figures, into a folder:
//   page_preview FOLDER && python3 -m http.server --bind 127.0.0.1 --directory FOLDER 8053
// For those who work on the pages; FOLDER/index.html lists them.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/web/sample_figures.h"

namespace vouch {
namespace {

constexpr std::array<std::string_view, kPagePaths.size()> kPageNames{"home",     "site",   "problems", "operator",
                                                                     "adoption", "status", "privacy"};

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) { std::filesystem::create_directories(path_); }

  void page(const std::string& name, std::string_view text) {
    write(name + ".html", text);
    list_ += "<li><a href=\"" + name + ".html\">" + name + "</a></li>\n";
  }
  void write(const std::string& name, std::string_view text) {
    std::ofstream(path_ / name, std::ios::binary) << text;
    ++written_;
  }
  std::size_t finish() {
    write("index.html", "<!doctype html><meta charset=\"utf-8\"><title>Pages</title><ul>" + list_ + "</ul>");
    return written_;
  }

 private:
  std::filesystem::path path_;
  std::string list_;
  std::size_t written_ = 0;
};

void write_sample(const Sample& sample, Viewer viewer, Language language, Folder& folder) {
  const std::string prefix = sample.name + (viewer == Viewer::subscriber ? "-subscriber-" : "-operator-") +
                             std::string(kLanguageTags[static_cast<std::size_t>(language)]) + "-";
  PageInput input{.language = language,
                  .viewer = viewer,
                  .figures = sample.figures,
                  .status = sample.status,
                  .month = sample.month,
                  .utc_offset = sample.utc_offset};
  for (std::size_t i = 0; i < kPageNames.size(); ++i) {
    input.page = static_cast<Page>(i);
    if (viewer == Viewer::subscriber && !is_for_subscribers(input.page)) { continue; }
    folder.page(prefix + std::string(kPageNames[i]), render_page(input));
  }
  input.page = Page::site;
  input.asked = "not a name";
  folder.page(prefix + "site-not-tried", render_page(input));
  for (std::size_t i = 0; i < sample.reports.size(); ++i) {
    input.asked = sample.reports[i].name;
    input.report = &sample.reports[i];
    folder.page(prefix + "site-" + std::to_string(i), render_page(input));
  }
}

std::size_t write_all(const char* path) {
  Folder folder(path);
  for (const Sample& sample : all_samples()) {
    for (std::size_t language = 0; language < kLanguageTags.size(); ++language) {
      write_sample(sample, Viewer::resolver_operator, static_cast<Language>(language), folder);
      write_sample(sample, Viewer::subscriber, static_cast<Language>(language), folder);
    }
  }
  for (std::size_t language = 0; language < kLanguageTags.size(); ++language) {
    for (const std::uint16_t status : std::initializer_list<std::uint16_t>{400, 403, 404, 405, 429, 500}) {
      folder.page("problem-" + std::to_string(status) + "-" + std::string(kLanguageTags[language]),
                  render_problem(status, static_cast<Language>(language)));
    }
  }
  for (const Asset& asset : assets()) { folder.write(std::string(asset.path.substr(1)), asset.body); }
  return folder.finish();
}

}  // namespace
}  // namespace vouch

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: page_preview FOLDER\n");
    return 2;
  }
  std::printf("%zu files\n", vouch::write_all(arguments[1]));
  return 0;
}
