#include "tests/fault/chaos.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "ropewalk/v1/job_service.grpc.pb.h"
#include "services/common/channel.h"
#include "services/common/clock.h"
#include "services/common/grpc_status.h"
#include "services/common/status_macros.h"
#include "tests/testing/sample_job.h"

namespace ropewalk {
namespace {

// A bad line.
constexpr double kSlowRate = 300e3;  // bytes a second
constexpr absl::Duration kSlowDelay = absl::Milliseconds(5);
constexpr absl::Duration kSlowJitter = absl::Milliseconds(20);

// Enough for what the jobs leave there, checkpoints above all, and soon filled.
constexpr int kDiskMegabytes = 512;
constexpr int kStepsACheckpoint = 200;

// Where bits are flipped: some elements behind a chunk's header (worker/ring/chunk_header.h).
constexpr char kChunkMagic[] = "RWCH";
constexpr int64_t kIntoPayload = 200;

absl::Duration Now() { return Clock::Real()->Monotonic(); }

void Say(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

}  // namespace

absl::StatusOr<ChaosReport> Chaos::Run() {
  RETURN_IF_ERROR(WriteSampleJobs(options_.folder));
  RETURN_IF_ERROR(StartAll());
  ASSIGN_OR_RETURN(report_.steps, StepsFor(options_.time));
  Say(absl::StrCat("seed ", options_.seed, ": ", report_.steps, " steps, first undisturbed"));
  ASSIGN_OR_RETURN(const std::string alone, Submit(report_.steps));
  ASSIGN_OR_RETURN(report_.undisturbed_version,
                   cluster_->AwaitResult(alone, 5 * options_.time + absl::Minutes(5)));
  ASSIGN_OR_RETURN(const std::string job, Submit(report_.steps));
  RETURN_IF_ERROR(Disturb(job));
  ASSIGN_OR_RETURN(report_.version,
                   cluster_->AwaitResult(job, 5 * options_.time + absl::Minutes(5)));
  RETURN_IF_ERROR(ReadPauses(job));
  return report_;
}

absl::Status Chaos::StartAll() {
  MountDisks();
  ASSIGN_OR_RETURN(cluster_, ProcessCluster::Start(options_.folder));
  for (int i = 0; i <= options_.workers; ++i) {
    const std::string name = absl::StrCat("w", i);
    const std::vector<std::string> parts = absl::StrSplit(addresses_[name].text(), ':');
    ASSIGN_OR_RETURN(proxies_[name], TcpFaultProxy::Start(std::stoi(parts[1])));
    if (i < options_.workers) RETURN_IF_ERROR(StartWorker(name));
  }
  return cluster_->AwaitWorkers(options_.workers);
}

// Without them, no disk is filled.
void Chaos::MountDisks() {
  for (const char* name : {"coordinator", "registry"}) {
    auto disk = SmallDisk::Mount(absl::StrCat(options_.folder, "/", name), kDiskMegabytes);
    if (!disk.ok()) return Say(std::string(disk.status().message()));
    disks_[name] = *std::move(disk);
  }
}

absl::Status Chaos::StartWorker(const std::string& name) {
  return cluster_->StartWorker(name, {"--listen", addresses_[name].text(), "--advertise",
                                      absl::StrCat("127.0.0.1:", proxies_[name]->port())});
}

absl::StatusOr<std::string> Chaos::Submit(int64_t steps) {
  return cluster_->Submit(options_.folder + "/lora.yaml",
                          {"workers.min=1", absl::StrCat("workers.max=", options_.workers + 1),
                           "training.epochs=1000000", absl::StrCat("training.max_steps=", steps),
                           absl::StrCat("training.checkpoint_every_steps=", kStepsACheckpoint),
                           "training.eval_every_steps=0"});
}

// As many as the workers would take in `time` by themselves; with faults they are busy for longer.
absl::StatusOr<int64_t> Chaos::StepsFor(absl::Duration time) {
  constexpr int64_t kTrialSteps = 100;
  const absl::Duration start = Now();
  ASSIGN_OR_RETURN(const std::string trial, Submit(kTrialSteps));
  RETURN_IF_ERROR(cluster_->AwaitResult(trial).status());
  const double steps = kTrialSteps * absl::FDivDuration(time, Now() - start);
  return std::max(kTrialSteps, static_cast<int64_t>(steps));
}

// Until the job has ended, or the time is over.
absl::Status Chaos::Disturb(const std::string& job) {
  ASSIGN_OR_RETURN(Process job_end, cluster_->StartWaiting(job));
  ChaosPlan plan(options_.seed, options_.workers);
  const absl::Duration end = Now() + options_.time;
  Fault next = plan.Next();
  absl::Duration at = Now() + next.after;
  while (at < end) {
    absl::Duration until = at;
    for (const Undoing& undoing : undoings_) until = std::min(until, undoing.at);
    if (job_end.Wait(std::max(absl::ZeroDuration(), until - Now())).ok()) break;
    RETURN_IF_ERROR(UndoDue(Now()));
    if (Now() < at) continue;
    if (CanGive(next)) RETURN_IF_ERROR(Give(next));
    next = plan.Next();
    at += next.after;
  }
  return UndoDue(absl::InfiniteDuration());
}

bool Chaos::IsFaulty(const std::string& name) const {
  return std::any_of(undoings_.begin(), undoings_.end(),
                     [&](const Undoing& undoing) { return undoing.fault.victim == name; });
}

bool Chaos::CanGive(const Fault& fault) const {
  if (fault.kind == FaultKind::kFillDisk && disks_.count(fault.victim) == 0) return false;
  return !IsFaulty(fault.victim);
}

absl::Status Chaos::Give(const Fault& fault) {
  Say(absl::StrCat(++report_.fault_count, ": ", fault.ToString()));
  const std::string text = fault.ToString();
  ++report_.faults[text.substr(0, text.rfind(" " + fault.victim))];
  given_.push_back({fault, absl::Now()});
  if (fault.kind == FaultKind::kCut || fault.kind == FaultKind::kCorrupt) {
    given_.back().undone = absl::Now();
  } else {
    undoings_.push_back({Now() + fault.lasts, fault, given_.size() - 1});
  }
  switch (fault.kind) {
    case FaultKind::kKill:
      cluster_->Kill(fault.victim);
      break;
    case FaultKind::kStop:
      cluster_->Signal(fault.victim, SIGSTOP);
      break;
    case FaultKind::kCut:
      proxies_[fault.victim]->Cut();
      break;
    case FaultKind::kHalfOpen:
      proxies_[fault.victim]->Stall(true);
      break;
    case FaultKind::kDeafen:
      proxies_[fault.victim]->Deafen(true);
      break;
    case FaultKind::kSlow:
      proxies_[fault.victim]->Throttle(kSlowRate);
      proxies_[fault.victim]->Delay(kSlowDelay, kSlowJitter);
      break;
    case FaultKind::kCorrupt:
      proxies_[fault.victim]->FlipBitAfter(kChunkMagic, kIntoPayload);
      break;
    case FaultKind::kFillDisk:
      disks_[fault.victim]->Fill();
      break;
    case FaultKind::kJoin:
      return StartWorker(fault.victim);
  }
  return absl::OkStatus();
}

absl::Status Chaos::UndoDue(absl::Duration now) {
  std::vector<Undoing> due;
  for (const Undoing& undoing : undoings_) {
    if (undoing.at <= now) due.push_back(undoing);
  }
  undoings_.erase(std::remove_if(undoings_.begin(), undoings_.end(),
                                 [&](const Undoing& undoing) { return undoing.at <= now; }),
                  undoings_.end());
  for (const Undoing& undoing : due) {
    RETURN_IF_ERROR(Undo(undoing.fault));
    given_[undoing.given].undone = absl::Now();
  }
  return absl::OkStatus();
}

absl::Status Chaos::Undo(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kKill:
      if (fault.victim == "coordinator") return cluster_->StartCoordinator();
      if (fault.victim == "registry") return cluster_->StartRegistry();
      return StartWorker(fault.victim);
    case FaultKind::kStop:
      cluster_->Signal(fault.victim, SIGCONT);
      break;
    case FaultKind::kHalfOpen:
      proxies_[fault.victim]->Stall(false);
      break;
    case FaultKind::kDeafen:
      proxies_[fault.victim]->Deafen(false);
      break;
    case FaultKind::kSlow:
      proxies_[fault.victim]->Throttle(0);
      proxies_[fault.victim]->Delay(absl::ZeroDuration());
      break;
    case FaultKind::kFillDisk:
      disks_[fault.victim]->Empty();
      break;
    case FaultKind::kJoin:
      cluster_->Signal(fault.victim, SIGTERM);
      break;
    case FaultKind::kCut:
    case FaultKind::kCorrupt:
      break;
  }
  return absl::OkStatus();
}

absl::Status Chaos::ReadPauses(const std::string& job) {
  const auto stub = v1::JobService::NewStub(DialChannel(cluster_->coordinator()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  v1::WatchJobRequest request;
  request.set_name(job);
  const auto stream = stub->WatchJob(&context, request);
  v1::WatchJobResponse news;  // the first has all events so far
  if (!stream->Read(&news)) return FromGrpcStatus(stream->Finish());
  context.TryCancel();
  const std::vector<v1::JobEvent> events(news.events().begin(), news.events().end());
  for (const Pause& pause : PausesOf(events, given_)) {
    ++report_.pauses;
    report_.longest_pause = std::max(report_.longest_pause, pause.length);
    report_.unexplained_pauses += pause.explained ? 0 : 1;
    absl::Duration& longest =
        pause.hung ? report_.longest_wait_for_hung : report_.longest_wait_for_dead;
    longest = std::max(longest, pause.wait);
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
