#include "services/client/commands/command_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "services/client/commands/commands.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// The program's own tree.
class CommandTreeTest : public ::testing::Test {
 protected:
  CommandTreeTest() { AddAllCommands(&root_, &session_); }

  std::ostringstream out_, err_;
  Session session_{Console{out_, err_}, ""};
  CLI::App root_{"", "ropewalk"};
};

// Calls `visit` for every command, with its path ("/jobs/list").
void Visit(const CLI::App& command, const std::string& path,
           const std::function<void(const CLI::App&, const std::string&)>& visit) {
  for (const CLI::App* below : command.get_subcommands({})) {
    visit(*below, path + "/" + below->get_name());
    Visit(*below, path + "/" + below->get_name(), visit);
  }
}

TEST_F(CommandTreeTest, HasEveryCommand) {
  EXPECT_THAT(CommandNames(root_),
              IsSupersetOf({"up", "down", "submit", "jobs", "workers", "adapters", "models",
                            "generate", "serve", "export", "eval", "completion", "version"}));
}

TEST_F(CommandTreeTest, CompletionKnowsEveryCommand) {
  const std::string bash = BashCompletion(root_), zsh = ZshCompletion(root_);
  Visit(root_, "", [&](const CLI::App&, const std::string& path) {
    EXPECT_THAT(bash, HasSubstr("\"" + path + "\") next="));
    EXPECT_THAT(zsh, HasSubstr("\"" + path + "\") next="));
  });
}

TEST_F(CommandTreeTest, CompletionKnowsOptions) {
  EXPECT_THAT(BashCompletion(root_), HasSubstr("\"/jobs/wait\") next=\"--help --state "
                                               "--coordinator --registry --timeout --output\""));
}

TEST_F(CommandTreeTest, EveryCommandHasAnExample) {
  Visit(root_, "", [](const CLI::App& command, const std::string& path) {
    EXPECT_FALSE(command.get_description().empty()) << path;
    if (!command.get_subcommands({}).empty()) return;
    EXPECT_THAT(command.help(), HasSubstr("Example:\n  ")) << path;
  });
}

}  // namespace
}  // namespace ropewalk
