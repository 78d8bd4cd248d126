#include "resolver/daemon/machine_start.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace vouch {
namespace {

constexpr MachineStart kUnknown{};
constexpr MachineStart kOfTheFile{0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60, 0x71,
                                  0x82, 0x93, 0xa4, 0xb5, 0xc6, 0xd7, 0xe8, 0xf9};
constexpr MachineStart kOfTheEnvironment{0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88,
                                         0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x01};
constexpr const char* kVariable = "VOUCH_BOOT_ID_OF_THE_TEST";

class MachineStarts : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "vouch-start-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    ::unsetenv(kVariable);
    std::filesystem::remove_all(folder_);
  }
  std::string file() const { return (folder_ / "boot_id").string(); }
  void write(const std::string& text) const { std::ofstream(file()) << text; }
  static void tell(const char* text) { ::setenv(kVariable, text, 1); }

  std::filesystem::path folder_;
};

TEST_F(MachineStarts, TheKernelsWordGoesFirst) {
  write("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n");
  tell("ffeeddccbbaa99887766554433221101");
  EXPECT_EQ(machine_start(file(), kVariable), kOfTheFile);
}

TEST_F(MachineStarts, WhereTheFileIsHiddenTheServiceManagerTells) {
  EXPECT_EQ(machine_start(file(), kVariable), kUnknown);
  tell("ffeeddccbbaa99887766554433221101");
  EXPECT_EQ(machine_start(file(), kVariable), kOfTheEnvironment);
}

TEST_F(MachineStarts, WhatIsNo32DigitsIsNotBelieved) {
  for (const char* text : {"", "%b", "ffeeddccbbaa9988776655443322110", "ffeeddccbbaa998877665544332211011",
                           "ffeeddcc-bbaa-9988-7766-554433221101", "FFEEDDCCBBAA99887766554433221101",
                           "ffeeddccbbaa9988776655443322110g", " feeddccbbaa99887766554433221101"}) {
    tell(text);
    EXPECT_EQ(machine_start(file(), kVariable), kUnknown) << text;
  }
}

TEST_F(MachineStarts, AFileThatSaysSomethingElseIsNotReplacedByTheEnvironment) {
  tell("ffeeddccbbaa99887766554433221101");
  for (const char* text :
       {"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f\n", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9 0a\n", "none\n"}) {
    write(text);
    EXPECT_EQ(machine_start(file(), kVariable), kUnknown) << text;
  }
}

// Where the kernel shows it, and the variable of the unit is not set, as in any shell.
TEST(MachineStartHere, IsKnown) {
  if (!std::filesystem::exists("/proc/sys/kernel/random/boot_id")) { GTEST_SKIP() << "/proc has no boot_id here"; }
  EXPECT_NE(machine_start("/proc/sys/kernel/random/boot_id", kVariable), kUnknown);
}

}  // namespace
}  // namespace vouch
