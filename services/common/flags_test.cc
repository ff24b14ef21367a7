#include "services/common/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "services/common/files.h"
#include "services/common/server.h"
#include "services/common/yaml_flags.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FlagsTest : public ::testing::Test {
 protected:
  FlagsTest() {
    AddServerFlags(app_, &server_, &log_level_);
    app_.add_option("--state-folder", folder_);
    app_.add_option("--worker", workers_);
    BindStandardFlags(app_);
  }
  ~FlagsTest() override {
    unsetenv("ROPEWALK_STATE_FOLDER");
    unsetenv("ROPEWALK_CONFIG");
  }

  std::optional<int> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "program");
    return ParseFlags(app_, static_cast<int>(arguments.size()), arguments.data());
  }

  std::string WriteConfig(const std::string& text) {
    const std::string path = files_.path("config.yaml");
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    return path;
  }

  const TemporaryFolder files_;
  CLI::App app_;
  ServerOptions server_;
  std::string log_level_ = "info";
  std::string folder_ = "default";
  std::vector<std::string> workers_;
};

TEST_F(FlagsTest, KeepTheirDefaults) {
  EXPECT_EQ(Parse({}), std::nullopt);
  EXPECT_EQ(folder_, "default");
  EXPECT_FALSE(server_.insecure);
}

TEST_F(FlagsTest, ComeFromTheFile) {
  const std::string path = WriteConfig(
      "state-folder: /file\nhttp_listen: 127.0.0.1:1\ninsecure: true\nworker: [a, b]\n");
  EXPECT_EQ(Parse({"--config", path.c_str()}), std::nullopt);
  EXPECT_EQ(folder_, "/file");
  EXPECT_EQ(server_.http_address, "127.0.0.1:1");
  EXPECT_TRUE(server_.insecure);
  EXPECT_THAT(workers_, ElementsAre("a", "b"));
}

TEST_F(FlagsTest, EnvironmentWinsOverTheFile) {
  setenv("ROPEWALK_CONFIG", WriteConfig("state-folder: /file\nlog-level: debug\n").c_str(), 1);
  setenv("ROPEWALK_STATE_FOLDER", "/environment", 1);
  CLI::App app;
  app.add_option("--state-folder", folder_);
  app.add_option("--log-level", log_level_);
  BindStandardFlags(app);
  const char* const arguments[] = {"program"};
  EXPECT_EQ(ParseFlags(app, 1, arguments), std::nullopt);
  EXPECT_EQ(folder_, "/environment");
  EXPECT_EQ(log_level_, "debug");
}

TEST_F(FlagsTest, CommandLineWinsOverAll) {
  setenv("ROPEWALK_STATE_FOLDER", "/environment", 1);
  const std::string path = WriteConfig("state-folder: /file\n");
  EXPECT_EQ(Parse({"--state-folder", "/line", "--config", path.c_str()}), std::nullopt);
  EXPECT_EQ(folder_, "/line");
}

TEST_F(FlagsTest, BadUsageIsExitCodeTwo) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({"--no-such-flag"}), 2);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("--no-such-flag"));
}

TEST_F(FlagsTest, AMissingFileIsBadUsage) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({"--config", "/no/such/file"}), 2);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("/no/such/file"));
}

TEST_F(FlagsTest, UnknownKeysNameTheNearest) {
  ::testing::internal::CaptureStderr();
  const std::string path = WriteConfig("log_levle: debug\n");
  EXPECT_EQ(Parse({"--config", path.c_str()}), 2);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("did you mean 'log-level'?"));
}

TEST_F(FlagsTest, HelpIsExitCodeZero) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(Parse({"--help"}), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("ROPEWALK_HTTP_LISTEN"));
}

TEST(YamlFlags, RefuseWhatIsNotFlat) {
  for (const char* text : {"a: {b: c}", "- a", "a: [[b]]", "a: [", "plain", "[a]: b"}) {
    std::istringstream input(text);
    EXPECT_TRUE(absl::IsInvalidArgument(ReadYamlFlags(input, {"a"}).status())) << text;
  }
  std::istringstream empty("# nothing\n");
  EXPECT_TRUE(ReadYamlFlags(empty, {})->empty());
}

}  // namespace
}  // namespace ropewalk
