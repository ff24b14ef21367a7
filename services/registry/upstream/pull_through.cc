#include "services/registry/upstream/pull_through.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "services/common/logging.h"
#include "services/common/metrics.h"
#include "services/common/status_macros.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/upstream/pulled_refs.h"

namespace ropewalk {
namespace {

constexpr char kRetryAfter[] = "5";  // Seconds.
constexpr size_t kMostRevisionBytes = 256;

UpstreamTarget TargetOf(const HubRoute& route) { return {route.type, route.id, route.revision}; }

// Whether the registry could keep it under its name.
bool MayBeHere(const HubRoute& route) {
  const bool known = route.type == "models" || route.type == "datasets";
  if (route.revision.size() > kMostRevisionBytes) return false;
  return known && ValidateRepositoryName(absl::StrCat(route.type, "/", route.id)).ok();
}

int64_t MostBytes(const PullThroughOptions& options) {
  return options.most_bytes > 0 ? options.most_bytes : std::numeric_limits<int64_t>::max();
}

HttpResponse CannotPull(const absl::Status& status) {
  HttpResponse response = HubErrorResponse(status);
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kResourceExhausted:
      break;
    case absl::StatusCode::kPermissionDenied:
      response.headers["X-Error-Code"] = "GatedRepo";
      break;
    case absl::StatusCode::kAborted:
      response.status = 503;
      response.headers["Retry-After"] = kRetryAfter;
      break;
    case absl::StatusCode::kDeadlineExceeded:
      response.status = 504;
      break;
    default:
      response.status = 502;
  }
  return response;
}

void Tell(const UpstreamTarget& target, const absl::StatusOr<std::string>& outcome) {
  const char* const result = outcome.ok() ? "ok" : "failed";
  if (absl::IsNotFound(outcome.status())) return;
  CounterMetric("ropewalk_registry_upstream_pulls_total",
                "How often upstream was asked for a revision that it has, by what became of it.",
                {{"result", result}})
      .Increment(1);
  if (outcome.ok()) {
    LogInfo(
        "upstream was asked for a revision, which is here now",
        {{"repository", target.repository()}, {"revision", target.revision}, {"commit", *outcome}});
  } else {
    LogWarning("a revision could not be pulled from upstream",
               {{"repository", target.repository()},
                {"revision", target.revision},
                {"why", outcome.status().ToString()}});
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<PullThrough>> PullThrough::Start(const PullThroughOptions& options,
                                                                Registry* registry,
                                                                const Clock* clock) {
  RETURN_IF_ERROR(UpstreamHub::Check(options.upstream));
  return std::unique_ptr<PullThrough>(new PullThrough(options, registry, clock));
}

PullThrough::PullThrough(const PullThroughOptions& options, Registry* registry, const Clock* clock)
    : options_(options),
      hub_(options.upstream),
      catalog_(registry),
      puller_(&hub_, registry, options.fetch, MostBytes(options)),
      memory_(clock, options.fresh_for),
      queue_(options.limits, [this](const auto& target, const auto& pause, PullProgress* progress) {
        return Pull(target, pause, progress);
      }) {}

// On a thread of the queue's.
absl::StatusOr<std::string> PullThrough::Pull(const UpstreamTarget& target,
                                              const PeriodicTask::Pause& pause,
                                              PullProgress* progress) {
  absl::StatusOr<std::string> outcome = puller_.Pull(target, pause, progress);
  // What is to be asked for again is asked for again.
  if (!absl::IsAborted(outcome.status())) memory_.Remember(target, outcome);
  Tell(target, outcome);
  return outcome;
}

PullThrough::Here PullThrough::Look(HubRoute* route) {
  if (!MayBeHere(*route)) return Here::kAll;
  const auto repository = catalog_.FindRepository(route->type, route->id);
  if (absl::IsNotFound(repository.status())) return Here::kNothing;
  // What the store fails at, the read fails at, too.
  if (!repository.ok() || !IsPulled(*repository)) return Here::kAll;
  std::string commit;
  if (IsGitOid(route->revision)) commit = route->revision;
  if (const auto recent = memory_.Recall(TargetOf(*route)); recent.has_value() && recent->ok()) {
    commit = **recent;
  }
  const bool named = FindRef(*repository, route->revision) != nullptr;
  if (!commit.empty() && FindRef(*repository, MarkOf(commit)) != nullptr) {
    if (!named) route->revision = MarkOf(commit);
    return Here::kAll;
  }
  if (Follows(*repository, route->revision)) return Here::kPerhaps;
  if (named) return Here::kAll;
  const auto revision = catalog_.FindRevision(route->type, route->id, route->revision);
  return absl::IsNotFound(revision.status()) ? Here::kNothing : Here::kAll;
}

std::optional<HttpResponse> PullThrough::Provide(HubRoute* route) {
  const Here here = Look(route);
  if (here == Here::kAll) return std::nullopt;
  const UpstreamTarget target = TargetOf(*route);
  std::optional<PullMemory::Answer> answer = memory_.Recall(target);
  if (!answer.has_value() || answer->ok()) {
    const bool download = route->call == HubCall::kResolve;
    const absl::Duration patience = download ? options_.download_patience : options_.patience;
    answer = queue_.Await(target, patience, /*only_begin=*/here == Here::kPerhaps);
  }
  if (here == Here::kPerhaps) return std::nullopt;
  if (absl::IsNotFound(answer->status()) && catalog_.FindRepository(target.type, target.id).ok()) {
    return std::nullopt;  // The read says what is missing of it.
  }
  if (!answer->ok()) return CannotPull(answer->status());
  if (route->revision != "main") route->revision = MarkOf(**answer);
  return std::nullopt;
}

}  // namespace ropewalk
