#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "services/client/cluster/cluster_file.h"
#include "services/client/cluster/supervisor.h"
#include "services/client/commands/commands.h"
#include "services/client/commands/local_cluster.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// The supervisor stops its members in order; a bit less than the 20 s that `down` may take.
constexpr absl::Duration kSupervisorGrace = absl::Seconds(15);
constexpr absl::Duration kOrphanGrace = absl::Seconds(3);

void StopSupervisor(const ProcessId& supervisor) {
  SignalProcess(supervisor, SIGTERM);
  if (WaitForExit(supervisor, kSupervisorGrace)) return;
  SignalProcess(supervisor, SIGKILL);
  WaitForExit(supervisor, absl::Seconds(1));
}

absl::StatusOr<ExitCode> Down(Session* session) {
  const std::string state = AbsolutePath(session->connection.state);
  const absl::StatusOr<ClusterFile> cluster = ReadClusterFile(state);
  if (absl::IsNotFound(cluster.status())) {
    session->Say("no cluster runs with the state folder " + state);
    return kExitOk;
  }
  RETURN_IF_ERROR(cluster.status());
  StopSupervisor(cluster->supervisor);
  // What it left behind, if it was killed: the file tells the newest processes.
  const absl::StatusOr<ClusterFile> left = ReadClusterFile(state);
  if (left.ok()) StopProcesses(left->members, kOrphanGrace);
  unlink(ClusterFilePath(state).c_str());
  session->Say("the cluster is down; its state stays in " + state);
  return kExitOk;
}

}  // namespace

void AddDown(CLI::App* root, Session* session) {
  CLI::App* command =
      root->add_subcommand("down", "Stop a local cluster; what it has stored stays");
  command->footer("Example:\n  ropewalk down --state /tmp/rope");
  command->add_option("--state", session->connection.state, "The folder given to `ropewalk up`")
      ->type_name("DIR")
      ->envname("ROPEWALK_STATE")
      ->required();
  SetAction(command, session, [session] { return Down(session); });
}

}  // namespace ropewalk
