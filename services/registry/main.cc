#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

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
#include "services/registry/upstream/pull_through.h"
#include "services/registry/webhooks/webhooks.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kDrain = absl::Seconds(10);
// Threads of the HTTP side that may wait for other servers at the same time, and the fewest.
constexpr int kMostHttpThreads = 16;
constexpr int kFewestHttpThreads = 4;
constexpr int kMaxHttpConnections = 16 << 10;

// What one thread has freed, others can use, and what was large goes back to the system: each of so
// many threads would keep as much as its largest request has taken.
void ShareFreedMemory() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

struct Options {
  ServerOptions server{.listen_address = "127.0.0.1:7080", .http_address = "127.0.0.1:7081"};
  std::string log_level = "info";
  StoreOptions stores;
  std::string grace = "1h";
  std::string collect_every = "10m";
  std::string scrub_every = "168h";
  std::string access = "open";
  bool anonymous_read = false;
  int64_t lfs_part_mib = 256;
  WebhookOptions webhooks;
  UpstreamOptions upstream;
  std::string upstream_fresh_for = "5m";
  int64_t upstream_max_gib = 0;
};

void AddUpstreamFlags(CLI::App& app, Options* options) {
  app.add_option("--upstream", options->upstream.url,
                 "Another Hub, e.g. https://huggingface.co, which repositories are pulled from "
                 "that a client of the Hub reads and that are not here")
      ->type_name("URL");
  app.add_option("--upstream-token", options->upstream.token,
                 "Sent to that Hub; better ROPEWALK_UPSTREAM_TOKEN, which nobody sees in a list of "
                 "processes");
  app.add_option("--upstream-fresh-for", options->upstream_fresh_for,
                 "How long a pulled branch is served before that Hub is asked for it again")
      ->capture_default_str();
  app.add_option("--upstream-max-gib", options->upstream_max_gib,
                 "Larger revisions are not pulled; 0: all are")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
}

// Threads that do not wait for other servers only wait for each other: with 16 on two processors
// the slowest of a hundred answers take twice as long as with four.
int HttpThreads(const Options& options) {
  const bool remote = !options.stores.database.empty() || !options.stores.blobs.empty() ||
                      !options.upstream.url.empty();
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  return remote ? kMostHttpThreads
                : std::clamp(2 * processors, kFewestHttpThreads, kMostHttpThreads);
}

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
  app.add_option("--lfs-part-mib", options->lfs_part_mib,
                 "Uploads by git LFS of more than 20 times this come in parts of it")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
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
  AddUpstreamFlags(app, options);
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

// Null: there is none.
absl::StatusOr<std::unique_ptr<PullThrough>> StartPullThrough(const Options& options,
                                                              Registry* registry) {
  ASSIGN_OR_RETURN(const absl::Duration fresh_for,
                   ParseDuration("--upstream-fresh-for", options.upstream_fresh_for));
  if (options.upstream.url.empty()) return nullptr;
  PullThroughOptions pulls;
  pulls.upstream = options.upstream;
  pulls.fresh_for = fresh_for;
  pulls.most_bytes = options.upstream_max_gib << 30;
  return PullThrough::Start(pulls, registry, Clock::Real());
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
    const bool tls = !options.server.http_certificate.empty();
    webhook_options.origin =
        absl::StrCat(tls ? "https://" : "http://", options.server.http_address);
  }
  Webhooks webhooks(webhook_options);
  if (!webhook_options.urls.empty()) registry.set_listener(&webhooks);
  RegistryServiceImpl service(&registry, &access);
  AccessServiceImpl access_service(&access);
  ASSIGN_OR_RETURN(const std::string secret, metadata->KeepSecret(SigningKey::RandomBytes()));
  const XetTokens xet_tokens{SigningKey(secret)};
  XetStoreOptions xet_options;
  xet_options.folder = options.stores.data + "/xet";
  ASSIGN_OR_RETURN(const auto xet_store, XetStore::Open(xet_options, blobs.get(), Clock::Real()));
  XetHandler xet(xet_store.get(), blobs.get(), &xet_tokens, Clock::Real());
  ASSIGN_OR_RETURN(const auto upstream, StartPullThrough(options, &registry));
  const LfsOptions lfs{SigningKey(secret), options.lfs_part_mib << 20};
  HubHandler hub(&registry, &access, Clock::Real(), &xet, upstream.get(), lfs);
  ServerOptions server_options = options.server;
  server_options.http_handler = &hub;
  server_options.http_threads = HttpThreads(options);
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
  if (upstream != nullptr) upstream->Stop();
  server->Shutdown(kDrain);
  return absl::OkStatus();
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  ropewalk::ShareFreedMemory();
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
