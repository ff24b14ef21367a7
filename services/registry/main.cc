#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/files.h"
#include "services/common/flags.h"
#include "services/common/logging.h"
#include "services/common/server.h"
#include "services/common/status_macros.h"
#include "services/common/termination.h"
#include "services/registry/collector.h"
#include "services/registry/file_blob_store.h"
#include "services/registry/hub/hub_handler.h"
#include "services/registry/registry.h"
#include "services/registry/registry_service.h"
#include "services/registry/sqlite_metadata_store.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kDrain = absl::Seconds(10);
// Threads that may wait for disks at the same time.
constexpr int kHttpThreads = 16;
constexpr int kMaxHttpConnections = 16 << 10;

struct Options {
  ServerOptions server{.listen_address = "127.0.0.1:7080", .http_address = "127.0.0.1:7081"};
  std::string log_level = "info";
  std::string data = "registry-data";
  std::string grace = "1h";
  std::string collect_every = "10m";
};

void AddFlags(CLI::App& app, Options* options) {
  AddServerFlags(app, &options->server, &options->log_level);
  app.add_option("--data", options->data, "Folder that keeps everything")->capture_default_str();
  app.add_option("--grace", options->grace,
                 "How long a blob that no version names is kept; publishers count on 1h or more")
      ->capture_default_str();
  app.add_option("--collect-every", options->collect_every, "Time between two collections")
      ->capture_default_str();
  BindStandardFlags(app);
}

absl::StatusOr<absl::Duration> ParseDuration(const std::string& flag, const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration >= absl::ZeroDuration()) return duration;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": '", text, "' is not a duration; give e.g. 90s, 10m or 1h"));
}

absl::Status Serve(const Options& options, const Termination& termination) {
  RETURN_IF_ERROR(InitLogging("registry", options.log_level));
  ASSIGN_OR_RETURN(const absl::Duration grace, ParseDuration("--grace", options.grace));
  ASSIGN_OR_RETURN(const absl::Duration every,
                   ParseDuration("--collect-every", options.collect_every));
  RETURN_IF_ERROR(MakeFolders(options.data));
  // First: it holds the folder against a second registry.
  ASSIGN_OR_RETURN(const auto metadata,
                   SqliteMetadataStore::Open(absl::StrCat(options.data, "/registry.db")));
  ASSIGN_OR_RETURN(const auto blobs, FileBlobStore::Open(options.data, Clock::Real()));
  Registry registry(blobs.get(), metadata.get(), Clock::Real(), grace);
  RegistryServiceImpl service(&registry);
  HubHandler hub(&registry, Clock::Real());
  ServerOptions server_options = options.server;
  server_options.http_handler = &hub;
  server_options.http_threads = kHttpThreads;
  server_options.max_http_connections = kMaxHttpConnections;
  ASSIGN_OR_RETURN(const auto server, Server::Start(server_options, {&service}));
  const Collector collector(&registry, std::max(every, absl::Seconds(1)));
  server->SetReady(true);
  termination.Wait();
  LogInfo("stopping");
  server->Shutdown(kDrain);
  return absl::OkStatus();
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  const ropewalk::Termination termination;
  ropewalk::Options options;
  CLI::App app("Keeps models, adapters, datasets and checkpoints.", "ropewalk-registry");
  ropewalk::AddFlags(app, &options);
  if (const auto exit_code = ropewalk::ParseFlags(app, argc, argv)) return *exit_code;
  const absl::Status status = ropewalk::Serve(options, termination);
  if (status.ok()) return 0;
  ropewalk::LogError("cannot go on", {{"error", status.message()}});
  return 1;
}
