#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/client/commands/command_line.h"
#include "services/client/exit_code.h"
#include "services/client/testing/fake_coordinator.h"
#include "services/client/testing/fake_registry.h"
#include "services/common/files.h"
#include "services/common/server.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

// The command line against servers in this process.
class CliTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = Server::Start({}, {&jobs_, &workers_, &registry_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = absl::StrCat("127.0.0.1:", server_->port());
    workers_.ring_address = address_;
    folder_ = absl::StrCat(::testing::TempDir(), "cli_test_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(RemoveAll(folder_).ok());
    ASSERT_TRUE(MakeFolders(folder_ + "/tiny").ok());
    Write("tiny/config.json", "{}");
    Write("tiny/tokenizer.json", "{\"model\": {}}");
    Write("tiny/model.safetensors", "weights");
    Write("train.jsonl", "{\"text\": \"a\"}\n");
    Write("job.yaml", absl::StrCat("name: dates\nbase_model: ", folder_, "/tiny\ntrain_data: ",
                                   folder_, "/train.jsonl\nadapter: demo/dates\n"));
  }

  void TearDown() override { ASSERT_TRUE(RemoveAll(folder_).ok()); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  // Runs a command; what it printed is in out_ and err_.
  int Run(std::vector<std::string> arguments, std::function<bool()> interrupted = nullptr) {
    arguments.insert(arguments.end(), {"--coordinator", address_, "--registry", address_});
    return RunAlone(arguments, interrupted);
  }

  // The same without the servers' addresses.
  int RunAlone(const std::vector<std::string>& arguments,
               std::function<bool()> interrupted = nullptr) {
    std::ostringstream out, err;
    Console console{out, err};
    if (interrupted) console.interrupted = interrupted;
    const int code = RunCommandLine(arguments, console, folder_);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  int Submit(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"submit", folder_ + "/job.yaml"});
    return Run(more);
  }

  FakeJobService jobs_;
  FakeWorkerService workers_;
  FakeRegistryService registry_;
  std::unique_ptr<Server> server_;
  std::string address_, folder_, out_, err_;
};

TEST_F(CliTest, SubmitFollowsAJobToItsResult) {
  jobs_.AddJob("dates", v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(Submit(), kExitOk) << err_;
  EXPECT_EQ(out_, "jobs/dates succeeded; published adapters/demo/a/versions/1\n");
  EXPECT_THAT(err_, HasSubstr("state_changed       the job is succeeded"));
}

TEST_F(CliTest, SubmitSaysWhyAJobFailed) {
  jobs_.AddJob("dates", v1::JOB_STATE_FAILED);
  EXPECT_EQ(Submit(), kExitJobFailed);
  EXPECT_EQ(out_, "jobs/dates failed: the disk is full\n");
}

TEST_F(CliTest, SubmitTellsACancelledJob) {
  jobs_.AddJob("dates", v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Submit(), kExitCancelled);
}

TEST_F(CliTest, SubmitDetachesAndSaysHowToGoOn) {
  jobs_.AddJob("dates", v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Run({"submit", folder_ + "/job.yaml"}, [] { return true; }), kExitUnfinished);
  EXPECT_THAT(err_, HasSubstr("detached; jobs/dates goes on"));
  EXPECT_THAT(err_, HasSubstr("ropewalk jobs watch dates --coordinator " + address_));
  EXPECT_THAT(err_, HasSubstr("ropewalk jobs cancel dates"));
}

TEST_F(CliTest, SubmitPrintsOnlyTheNameWhenAsked) {
  EXPECT_EQ(Submit({"--no-wait", "-o", "name"}), kExitOk) << err_;
  EXPECT_EQ(out_, "jobs/dates\n");
}

TEST_F(CliTest, SubmitPinsEveryInput) {
  ASSERT_EQ(Submit({"--no-wait"}), kExitOk) << err_;
  const v1::CreateJobRequest request = jobs_.created().at(0);
  EXPECT_EQ(request.request_id().size(), 36u);
  EXPECT_THAT(request.job().inputs().base_model(), HasSubstr("models/local/tiny/versions/"));
  EXPECT_THAT(request.job().inputs().train_data(0), HasSubstr("datasets/local/train/versions/"));
}

TEST_F(CliTest, SubmitUploadsContentOnlyOnce) {
  ASSERT_EQ(Submit({"--no-wait"}), kExitOk) << err_;
  EXPECT_EQ(registry_.uploads(), 4);
  ASSERT_EQ(Submit({"--no-wait"}), kExitOk) << err_;
  EXPECT_EQ(registry_.uploads(), 4);
  Write("train.jsonl", "{\"text\": \"b\"}\n");
  ASSERT_EQ(Submit({"--no-wait"}), kExitOk) << err_;
  EXPECT_EQ(registry_.uploads(), 5);
}

TEST_F(CliTest, SubmitTakesNamesFromTheRegistry) {
  ASSERT_EQ(Submit({"--no-wait"}), kExitOk) << err_;
  EXPECT_EQ(
      Submit({"--no-wait", "--set", "base_model=local/tiny", "--set", "train_data=local/train"}),
      kExitOk)
      << err_;
  EXPECT_EQ(jobs_.created().at(1).job().inputs().base_model(),
            jobs_.created().at(0).job().inputs().base_model());
}

TEST_F(CliTest, SubmitSaysWhenANameIsNowhere) {
  EXPECT_EQ(Submit({"--set", "base_model=org/none"}), kExitError);
  EXPECT_THAT(err_, HasSubstr("base_model: 'org/none' is neither here"));
  EXPECT_TRUE(jobs_.created().empty());
}

TEST_F(CliTest, SubmitSendsNothingOfABadJob) {
  EXPECT_EQ(Submit({"--set", "training.epochs=0"}), kExitError);
  EXPECT_THAT(err_, HasSubstr("training.epochs: '0' was given"));
  Write("train.jsonl", "nonsense\n");
  EXPECT_EQ(Submit(), kExitError);
  EXPECT_THAT(err_, HasSubstr("train.jsonl:1: not a JSON object"));
  EXPECT_EQ(registry_.uploads(), 0);
}

TEST_F(CliTest, WaitTellsEveryEnd) {
  jobs_.AddJob("good", v1::JOB_STATE_SUCCEEDED);
  jobs_.AddJob("bad", v1::JOB_STATE_FAILED);
  jobs_.AddJob("gone", v1::JOB_STATE_CANCELLED);
  jobs_.AddJob("busy", v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Run({"jobs", "wait", "good"}), kExitOk);
  EXPECT_EQ(Run({"jobs", "wait", "jobs/bad"}), kExitJobFailed);
  EXPECT_EQ(Run({"jobs", "wait", "gone"}), kExitCancelled);
  EXPECT_EQ(Run({"jobs", "wait", "busy", "--timeout", "0.1"}), kExitUnfinished);
  EXPECT_EQ(Run({"jobs", "wait", "none"}), kExitNotFound);
}

TEST_F(CliTest, JobsAreListedOverAllPages) {
  jobs_.AddJob("a", v1::JOB_STATE_QUEUED);
  jobs_.AddJob("b", v1::JOB_STATE_QUEUED);
  EXPECT_EQ(Run({"jobs", "list", "-o", "name"}), kExitOk) << err_;
  EXPECT_EQ(out_, "jobs/a\njobs/b\n");
}

TEST_F(CliTest, JobsLogsEndsWithTheEventsSoFar) {
  jobs_.AddJob("busy", v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Run({"jobs", "logs", "busy"}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("the job is running"));
}

TEST_F(CliTest, JobsCancelShowsTheNewState) {
  jobs_.AddJob("busy", v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Run({"jobs", "cancel", "busy"}), kExitOk);
  EXPECT_EQ(out_, "jobs/busy cancelling\n");
}

TEST_F(CliTest, WorkersAreShownAndDrained) {
  EXPECT_EQ(Run({"workers", "list", "-o", "name"}), kExitOk);
  EXPECT_EQ(out_, "workers/worker-0\n");
  EXPECT_EQ(Run({"workers", "drain", "worker-0"}), kExitOk);
  EXPECT_EQ(out_, "workers/worker-0 draining\n");
  EXPECT_EQ(Run({"workers", "get", "worker-9"}), kExitNotFound);
}

TEST_F(CliTest, WorkersThreadsAsksTheWorkerItself) {
  EXPECT_EQ(Run({"workers", "threads", "worker-0"}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("ID"));
  EXPECT_THAT(out_, HasSubstr("cli_test"));
}

TEST_F(CliTest, AdaptersGoUpAndComeBack) {
  const std::string adapter = folder_ + "/tiny";
  ASSERT_EQ(Run({"adapters", "push", adapter, "demo/dates"}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("adapters/demo/dates/versions/"));
  ASSERT_EQ(Run({"adapters", "pull", "demo/dates", "--to", folder_ + "/back"}), kExitOk) << err_;
  EXPECT_EQ(*ReadFile(folder_ + "/back/model.safetensors"), "weights");
}

TEST_F(CliTest, AdaptersAreTaggedByTheirFirstDigits) {
  ASSERT_EQ(Run({"adapters", "push", folder_ + "/tiny", "demo/dates"}), kExitOk);
  const std::string digits = out_.substr(out_.rfind('/') + 1, 6);
  EXPECT_EQ(Run({"adapters", "tag", "demo/dates", digits, "stable"}), kExitOk) << err_;
  EXPECT_EQ(Run({"adapters", "get", "demo/dates:stable", "-o", "name"}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("versions/" + digits));
  EXPECT_EQ(Run({"adapters", "tag", "demo/dates", digits, "v1", "--immutable", "-o", "json"}),
            kExitOk)
      << err_;
  EXPECT_THAT(out_, HasSubstr("\"immutable\": true"));
}

TEST_F(CliTest, AdaptersAreSavedToATarFileAndLoadedFromIt) {
  ASSERT_EQ(Run({"adapters", "push", folder_ + "/tiny", "demo/dates"}), kExitOk);
  Write("tiny/config.json", "{\"more\": 1}");
  ASSERT_EQ(Run({"adapters", "push", folder_ + "/tiny", "demo/dates"}), kExitOk);
  const std::string digits = out_.substr(out_.rfind('/') + 1, 64);
  ASSERT_EQ(Run({"adapters", "tag", "demo/dates", digits, "stable"}), kExitOk) << err_;
  setenv("ROPEWALK_CACHE", (folder_ + "/cache").c_str(), 1);
  const std::string tar = folder_ + "/dates.tar";
  ASSERT_EQ(Run({"adapters", "save", "demo/dates", "--to", tar}), kExitOk) << err_;
  EXPECT_EQ(Run({"adapters", "save", "demo/dates", "--to", tar}), kExitError);
  EXPECT_THAT(err_, HasSubstr("is there"));
  ASSERT_EQ(Run({"adapters", "load", tar, "demo/copy"}), kExitOk) << err_;
  EXPECT_EQ(out_, "adapters/demo/copy\n");
  ASSERT_EQ(Run({"adapters", "get", "demo/copy:stable", "-o", "name"}), kExitOk) << err_;
  EXPECT_EQ(out_, "adapters/demo/copy/versions/" + digits + "\n");
}

TEST_F(CliTest, LoadRefusesWhatIsNoSavedRepository) {
  EXPECT_EQ(Run({"adapters", "load", Write("x.tar", "no tar file")}), kExitError);
  EXPECT_THAT(err_, HasSubstr("is no whole tar file"));
  EXPECT_EQ(Run({"adapters", "load", folder_ + "/none.tar"}), kExitNotFound);
}

TEST_F(CliTest, AdaptersFindFullyTrainedModels) {
  ASSERT_EQ(Submit({"--no-wait"}), kExitOk) << err_;
  EXPECT_EQ(Run({"adapters", "get", "local/tiny", "-o", "name"}), kExitOk) << err_;
  EXPECT_THAT(out_, HasSubstr("models/local/tiny/versions/"));
  EXPECT_EQ(Run({"adapters", "get", "local/none"}), kExitNotFound);
}

TEST_F(CliTest, AdaptersDeleteWantsAVersion) {
  ASSERT_EQ(Run({"adapters", "push", folder_ + "/tiny", "demo/dates", "--tag", "old"}), kExitOk);
  EXPECT_EQ(Run({"adapters", "delete", "demo/dates"}), kExitError);
  EXPECT_THAT(err_, HasSubstr("says no version"));
  EXPECT_EQ(Run({"adapters", "delete", "demo/dates:old"}), kExitOk) << err_;
}

TEST_F(CliTest, HealthTellsWhetherAServerServes) {
  EXPECT_EQ(RunAlone({"health", "--address", address_}), kExitError);
  EXPECT_THAT(err_, HasSubstr("is not serving yet"));
  server_->SetReady(true);
  EXPECT_EQ(RunAlone({"health", "--address", address_}), kExitOk) << err_;
}

TEST_F(CliTest, UnknownCommandsNameTheNearest) {
  EXPECT_EQ(RunAlone({"job"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("no command 'job' (did you mean 'jobs'?)"));
  EXPECT_EQ(RunAlone({"jobs", "lst"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("did you mean 'list'?"));
  EXPECT_EQ(RunAlone({"jobs", "list", "--ouput", "json"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("did you mean '--output'?"));
}

TEST_F(CliTest, UsageErrorsAreTold) {
  EXPECT_EQ(RunAlone({}), kExitUsage);
  EXPECT_EQ(RunAlone({"jobs"}), kExitUsage);
  EXPECT_EQ(RunAlone({"jobs", "get"}), kExitUsage);
  EXPECT_EQ(RunAlone({"jobs", "list", "-o", "xml"}), kExitUsage);
  EXPECT_EQ(out_, "");
}

TEST_F(CliTest, HelpIsDataAndHasAnExample) {
  EXPECT_EQ(RunAlone({"submit", "--help"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("Example:\n  ropewalk submit"));
  EXPECT_EQ(err_, "");
}

TEST_F(CliTest, EvalSaysWhichOptionsItNeeds) {
  EXPECT_EQ(RunAlone({"eval", "--base", folder_ + "/tiny"}), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("--data is required"));
}

}  // namespace
}  // namespace ropewalk
