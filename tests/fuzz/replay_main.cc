// A main for a fuzz target outside libFuzzer: every file of the corpus, then a fixed number of mutations of each, from
// a fixed seed. It finds no new paths as libFuzzer does; it keeps old findings from coming back, in every build and
// preset.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMutationsPerInput = 200;
constexpr std::size_t kMaxMutations = 20'000;  // keeps a large corpus within seconds under the sanitizers
constexpr std::size_t kMaxEdits = 4;

// A copy of exactly the input's size, so that AddressSanitizer sees a read one octet beyond its end.
void run(const Input& input) {
  const Input exact(input.begin(), input.end());
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::size_t below(std::mt19937_64& random, std::size_t bound) { return static_cast<std::size_t>(random() % bound); }

// Flips, overwrites, cuts and repeats: the damage that finds length errors in a parser.
Input mutated(Input input, std::mt19937_64& random) {
  const std::size_t edits = 1 + below(random, kMaxEdits);
  for (std::size_t i = 0; i < edits; ++i) {
    if (input.empty()) {
      input.push_back(static_cast<std::uint8_t>(random()));
      continue;
    }
    const std::size_t at = below(random, input.size());
    switch (random() % 5) {
      case 0:
        input[at] ^= static_cast<std::uint8_t>(1U << (random() % 8));
        break;
      case 1:
        input[at] = static_cast<std::uint8_t>(random());
        break;
      case 2:
        input[at] = random() % 2 == 0 ? 0x00 : 0xff;
        break;
      case 3:
        input.resize(at);
        break;
      default: {
        const Input tail(input.begin() + static_cast<std::ptrdiff_t>(at), input.end());
        const std::size_t count = std::min<std::size_t>(tail.size(), 64);
        input.insert(input.end(), tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(count));
        break;
      }
    }
  }
  return input;
}

// Sorted, so that a failure repeats in the same place on every machine.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.is_regular_file()) { files.push_back(entry.path()); }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Input> inputs = {Input{}, Input(12, 0x00), Input(512, 0x00), Input(512, 0xff), Input(65535, 0xc0)};
  const std::size_t built_in = inputs.size();
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : files_in(argv[i])) {
      std::ifstream stream(file, std::ios::binary);
      inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
  }
  for (const Input& input : inputs) { run(input); }
  std::mt19937_64 random(1);
  const std::size_t each = std::min(kMutationsPerInput, std::max<std::size_t>(1, kMaxMutations / inputs.size()));
  for (const Input& input : inputs) {
    for (std::size_t i = 0; i < each; ++i) { run(mutated(input, random)); }
  }
  std::printf("%zu corpus files, %zu built-in inputs, %zu mutations of each\n", inputs.size() - built_in, built_in,
              each);
  return 0;
}
