#include "services/client/cluster/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>

#include "services/client/cluster/background.h"
#include "services/client/cluster/child_process.h"
#include "services/common/files.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

// Members are shells; the test's own process is the supervisor.
class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest()
      : state_(::testing::TempDir() + "supervisor_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    EXPECT_TRUE(RemoveAll(state_).ok());
    EXPECT_TRUE(MakeFolders(state_).ok());
  }
  ~SupervisorTest() override { EXPECT_TRUE(RemoveAll(state_).ok()); }

  MemberPlan Shell(const std::string& name, const std::string& script) {
    return {name,
            {"/bin/sh", "-c", script},
            "127.0.0.1:1",
            "127.0.0.1:2",
            state_ + "/" + name + ".log"};
  }

  std::unique_ptr<Supervisor> Supervise(const std::vector<MemberPlan>& members) {
    return std::make_unique<Supervisor>(state_, members, Clock::Real(),
                                        [this](const std::string& line) { log_ += line + "\n"; });
  }

  // As the cluster file has it now.
  ProcessId ProcessOf(const std::string& name) {
    const absl::StatusOr<ClusterFile> cluster = ReadClusterFile(state_);
    EXPECT_TRUE(cluster.ok()) << cluster.status();
    if (!cluster.ok()) return {};
    for (const ClusterMember& member : cluster->members) {
      if (member.name == name) return member.process;
    }
    return {};
  }

  const std::string state_;
  std::string log_;
};

absl::Status Ready() { return absl::OkStatus(); }

TEST_F(SupervisorTest, StartsAndStopsItsMembers) {
  const auto supervisor = Supervise({Shell("worker-0", "exec sleep 60")});
  ASSERT_TRUE(supervisor->Start(Ready, absl::Seconds(10)).ok());
  const ProcessId worker = ProcessOf("worker-0");
  EXPECT_TRUE(IsRunning(worker));
  kill(getpid(), SIGTERM);
  supervisor->RunUntilAskedToStop();
  EXPECT_FALSE(IsRunning(worker));
  EXPECT_TRUE(absl::IsNotFound(ReadClusterFile(state_).status()));
}

TEST_F(SupervisorTest, ShowsTheLogOfAMemberThatEndsEarly) {
  const auto supervisor = Supervise({Shell("worker-0", "exec sleep 60"),
                                     Shell("worker-1", "echo the port is taken >&2; exit 1")});
  const absl::Status status =
      supervisor->Start([] { return absl::UnavailableError("not yet"); }, absl::Seconds(20));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("worker-1 ended while starting"));
  EXPECT_THAT(status.message(), HasSubstr("the port is taken"));
}

TEST_F(SupervisorTest, StopsEverythingWhenItDoesNotGetReady) {
  const auto supervisor = Supervise({Shell("worker-0", "exec sleep 60")});
  ProcessId worker;
  const absl::Status status = supervisor->Start(
      [&] {
        worker = ProcessOf("worker-0");
        return absl::UnavailableError("0 of 1 workers have attached");
      },
      absl::Milliseconds(300));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("0 of 1 workers have attached"));
  EXPECT_GT(worker.pid, 0);
  EXPECT_FALSE(IsRunning(worker));
}

TEST_F(SupervisorTest, StartsAMemberAgainThatWasKilled) {
  // The first life waits to be killed; the second one ends the supervision.
  const std::string script = "if [ -e " + state_ + "/second ]; then kill -TERM " +
                             std::to_string(getpid()) + "; fi; touch " + state_ +
                             "/second; exec sleep 60";
  const auto supervisor = Supervise({Shell("worker-0", script)});
  const absl::Status started = supervisor->Start(
      [&] {
        return access((state_ + "/second").c_str(), F_OK) == 0
                   ? absl::OkStatus()
                   : absl::UnavailableError("not there yet");
      },
      absl::Seconds(10));
  ASSERT_TRUE(started.ok()) << started;
  SignalProcess(ProcessOf("worker-0"), SIGKILL);
  supervisor->RunUntilAskedToStop();
  EXPECT_THAT(log_, HasSubstr("has ended\nworker-0 started again as process "));
}

TEST_F(SupervisorTest, ForcesMembersThatIgnoreTheRequest) {
  const absl::StatusOr<ProcessId> deaf =
      StartProcess({"/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"},
                   state_ + "/deaf.log");
  ASSERT_TRUE(deaf.ok());
  StopProcesses({{"worker-0", *deaf, "", "", ""}}, absl::Milliseconds(200));
  EXPECT_FALSE(IsRunning(*deaf));
}

TEST_F(SupervisorTest, SaysWhichProgramIsMissing) {
  const auto supervisor =
      Supervise({{"worker-0", {state_ + "/no-such-program"}, "", "", state_ + "/x.log"}});
  EXPECT_THAT(supervisor->Start(Ready, absl::Seconds(1)).message(),
              HasSubstr("no-such-program: No such file"));
}

TEST(Background, HandsOverWhatTheProcessReports) {
  const absl::Status status =
      RunInBackground("/dev/null", absl::Seconds(20), [](const ReportStart& report) {
        report(absl::NotFoundError("nothing there"));
        return 0;
      });
  EXPECT_EQ(status, absl::NotFoundError("nothing there"));
}

TEST(Background, NoticesAProcessThatEndsInSilence) {
  EXPECT_TRUE(absl::IsAborted(
      RunInBackground("/dev/null", absl::Seconds(20), [](const ReportStart&) { return 1; })));
}

TEST(ProcessId, TellsAProcessFromItsNumber) {
  const absl::StatusOr<ProcessId> self = IdentifyProcess(getpid());
  ASSERT_TRUE(self.ok());
  EXPECT_TRUE(IsRunning(*self));
  EXPECT_FALSE(IsRunning({self->pid, self->start_time + 1}));
  EXPECT_FALSE(IsRunning({0, 0}));
}

}  // namespace
}  // namespace ropewalk
