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
#include "services/registry/access/access_service.h"
#include "services/registry/hub/hub_handler.h"
#include "services/registry/registry.h"
#include "services/registry/registry_service.h"
#include "services/registry/stores.h"
#include "services/registry/upkeep.h"
#include "services/registry/webhooks/webhooks.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kDrain = absl::Seconds(10);
// Threads that may wait for disks at the same time.
constexpr int kHttpThreads = 16;
constexpr int kMaxHttpConnections = 16 << 10;

struct Options {
  ServerOptions server{.listen_address = "127.0.0.1:7080", .http_address = "127.0.0.1:7081"};
  std::string log_level = "info";
  StoreOptions stores;
  std::string grace = "1h";
  std::string collect_every = "10m";
  std::string scrub_every = "168h";
  std::string access = "open";
  bool anonymous_read = false;
  WebhookOptions webhooks;
};

void AddFlags(CLI::App& app, Options* options) {
  AddServerFlags(app, &options->server, &options->log_level);
  app.add_option("--data", options->stores.data,
                 "Folder that keeps everything, or what no other "
                 "store does")
      ->capture_default_str();
  app.add_option("--database", options->stores.database,
                 "postgres://user:password@host/database, which several registries may share; "
                 "default: SQLite in the folder")
      ->type_name("URL");
  app.add_option(
         "--blobs", options->stores.blobs,
         "s3://bucket/prefix?endpoint=http://host:9000, which several registries may share, "
         "with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; default: files in the folder")
      ->type_name("URL");
  app.add_option("--grace", options->grace,
                 "How long a blob that no version names is kept; publishers count on 1h or more")
      ->capture_default_str();
  app.add_option("--collect-every", options->collect_every, "Time between two collections")
      ->capture_default_str();
  app.add_option("--scrub-every", options->scrub_every,
                 "Time between two readings of all blobs, which find what the disk has damaged")
      ->capture_default_str();
  app.add_option("--access", options->access,
                 "open: everyone who reaches it may do everything; tokens: callers need one, see "
                 "`ropewalk tokens`")
      ->check(CLI::IsMember({"open", "tokens"}))
      ->capture_default_str();
  app.add_flag("--anonymous-read", options->anonymous_read,
               "Callers without a token may read what is public");
  app.add_option("--webhook", options->webhooks.urls,
                 "An address that is told of every change, in the Hub's form; may be repeated")
      ->type_name("URL");
  app.add_option(
      "--webhook-secret", options->webhooks.secret,
      "Sent along as X-Webhook-Secret; better ROPEWALK_WEBHOOK_SECRET, which nobody sees "
      "in a list of processes");
  app.add_option("--public-url", options->webhooks.origin,
                 "Where clients reach the HTTP side, for links to it; default: where it listens")
      ->type_name("URL");
  BindStandardFlags(app);
}

// The token that the first others are made with, for whoever may read the data folder.
absl::Status GiveFirstToken(AccessControl* access, const std::string& folder) {
  ASSIGN_OR_RETURN(const std::string text, access->MakeFirstToken());
  if (text.empty()) return absl::OkStatus();
  const std::string path = absl::StrCat(folder, "/admin.token");
  RETURN_IF_ERROR(WriteSecretFile(path, text + "\n"));
  LogInfo("wrote the first access token; its role is admin", {{"file", path}});
  return absl::OkStatus();
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
  ASSIGN_OR_RETURN(const absl::Duration scrub_every,
                   ParseDuration("--scrub-every", options.scrub_every));
  RETURN_IF_ERROR(MakeFolders(options.stores.data));
  // First: SQLite holds the folder against a second registry.
  ASSIGN_OR_RETURN(const auto metadata, OpenMetadataStore(options.stores));
  ASSIGN_OR_RETURN(const auto blobs, OpenBlobStore(options.stores));
  Registry registry(blobs.get(), metadata.get(), Clock::Real(), grace);
  AccessControl access(
      metadata.get(), Clock::Real(),
      {.tokens = options.access == "tokens", .anonymous_read = options.anonymous_read});
  RETURN_IF_ERROR(GiveFirstToken(&access, options.stores.data));
  WebhookOptions webhook_options = options.webhooks;
  if (webhook_options.origin.empty()) {
    webhook_options.origin = absl::StrCat("http://", options.server.http_address);
  }
  Webhooks webhooks(webhook_options);
  if (!webhook_options.urls.empty()) registry.set_listener(&webhooks);
  RegistryServiceImpl service(&registry, &access);
  AccessServiceImpl access_service(&access);
  ASSIGN_OR_RETURN(const XetTokens xet_tokens, XetTokens::Open(options.stores.data + "/xet.key"));
  XetStoreOptions xet_options;
  xet_options.folder = options.stores.data + "/xet";
  ASSIGN_OR_RETURN(const auto xet_store, XetStore::Open(xet_options, blobs.get(), Clock::Real()));
  XetHandler xet(xet_store.get(), blobs.get(), &xet_tokens, Clock::Real());
  HubHandler hub(&registry, &access, Clock::Real(), &xet);
  ServerOptions server_options = options.server;
  server_options.http_handler = &hub;
  server_options.http_threads = kHttpThreads;
  server_options.max_http_connections = kMaxHttpConnections;
  ASSIGN_OR_RETURN(const auto server, Server::Start(server_options, {&service, &access_service}));
  const PeriodicTask collector("collector", std::max(every, absl::Seconds(1)), [&](const auto&) {
    Collect(&registry);
    CollectXorbs(xet_store.get());
  });
  const PeriodicTask scrubber("scrubber", std::max(scrub_every, absl::Seconds(1)),
                              [&](const auto& pause) { Scrub(&registry, pause); });
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
