// The commands of vouchctl: how each is typed, what it asks of vouchd, and how the answer is shown. One row each; a new
// one is a row in commands.cc and a View.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vouchctl/exit_status.h"
#include "vouchctl/text.h"

namespace vouch {

using Words = std::vector<std::string>;

// Shows an answer, for people: returns text, prints nothing, so that a test can read it.
class View {
 public:
  virtual ~View() = default;
  virtual std::string item(const Json& /*line*/) { return {}; }  // one of many; most answers are one line and have none
  virtual std::string end(const Json& last) = 0;                 // the last, of an answer that is `ok`
  // It has seen what it wanted: vouchctl hangs up.
  virtual bool is_satisfied() const { return false; }
};

// What is asked, and beside it what is only a matter of showing.
struct Asked {
  Json request;          // with its `command`
  std::size_t most = 0;  // items to wait for; 0: all
  bool is_short = false;
  bool is_terminal = false;  // a person looks on: the screen may be cleared
};

struct CtlCommand {
  std::string_view words;    // "flush name"
  std::string_view usage;    // what follows: "NAME [TYPE]"
  std::string_view summary;  // one line
  std::string_view details;  // paragraphs for --help; may be empty
  // From the words that follow. The error is a sentence.
  std::expected<Asked, std::string> (*ask)(const CtlCommand& self, const Words& words);
  std::unique_ptr<View> (*view)(const Asked& asked);
  bool is_live = false;  // it goes on until somebody ends it
};

std::span<const CtlCommand> commands();

struct Found {
  const CtlCommand* command = nullptr;
  std::size_t used = 0;  // words of it
};
// The command that the words begin with, the longest one; null when there is none.
Found find_command(const Words& words);

// For those who write rows. `--zone Z`, `--zone=Z`, `--failing`: takes them out of the words.
class Options {
 public:
  explicit Options(Words words) : words_(std::move(words)) {}
  bool flag(std::string_view name);
  std::optional<std::string> value(std::string_view name);
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t least, std::uint64_t most);
  // What is left, which must be so many words; `what` says which.
  std::expected<Words, std::string> rest(std::size_t least, std::size_t most, std::string_view what);

 private:
  Words words_;
  std::string problem_;
};

}  // namespace vouch
