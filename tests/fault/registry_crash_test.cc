// A registry that is killed (SIGKILL) at random moments of uploads, commits, moves of tags,
// deletions and collections; while its disk is full and gets room again; and while syncs fail.
// Shown:
//   - Every file of every version that can be seen downloads whole, with its digest.
//   - No version, commit, tag or deletion that was acknowledged is lost, and no commit that failed
//     and was seen not to be there is there later.
//   - In the end a collection leaves the blobs that versions name, and nothing else.
//   - Whatever is acknowledged had its files synced before they got their names, and their folders
//     after, by the process that acknowledged it or an earlier one.
// A killed process leaves to the kernel what it has written, so by itself the killing shows only
// that the order of the changes is right. What a power cut would take is not taken here; that
// nothing acknowledged is among it is concluded from the recorded syncs (failing_fsync.c), for
// blobs, and for the database is left to SQLite's synchronous=FULL.
//
// ROPEWALK_CRASH_SEED gives the same kinds of changes and moments again, though what falls together
// is the machine's doing. ROPEWALK_CRASH_KILLS says how often the registry is killed, 200 times
// unless given; a night's worth is 50000.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/registry_client.h"
#include "tests/fault/committing_writer.h"
#include "tests/fault/crashing_registry.h"
#include "tests/fault/publishing_writer.h"
#include "tests/fault/registry_audit.h"
#include "tests/fault/registry_writer.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

constexpr int kKilled = 137;
constexpr int kKillsARound = 20;
// Those over gRPC wait before they try again what was broken off.
constexpr int kPublishingWriters = 8;
constexpr int kCommittingWriters = 3;
constexpr int kLongestHalfLifeMs = 150;
// That a process makes in its life, about.
constexpr int kMostChanges = 1500;
constexpr int kMostSyncs = 100;
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr int kDiskMegabytes = 64;

uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  uint64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

class RegistryCrash : public testing::Test {
 protected:
  RegistryCrash()
      : seed_(NumberFromEnvironment("ROPEWALK_CRASH_SEED", std::random_device()())),
        kills_(static_cast<int>(NumberFromEnvironment("ROPEWALK_CRASH_KILLS", 200))),
        random_(seed_) {
    std::fprintf(stderr, "again: ROPEWALK_CRASH_SEED=%llu\n",
                 static_cast<unsigned long long>(seed_));
  }

  // Kills it so often, a round's worth between two audits.
  void Torment(int kills, const std::set<absl::StatusCode>& excused) {
    site_ = std::make_unique<CrashSite>(&registry_, excused);
    for (int i = 0; i < kPublishingWriters; ++i) {
      writers_.push_back(std::make_unique<PublishingWriter>(
          site_.get(), absl::StrCat("models/crash/published-", i), random_()));
    }
    for (int i = 0; i < kCommittingWriters; ++i) {
      writers_.push_back(std::make_unique<CommittingWriter>(
          site_.get(), absl::StrCat("crash/committed-", i), random_()));
    }
    for (int left = kills; left > 0 && !HasFailure(); left -= kKillsARound) {
      Round(std::min(left, kKillsARound));
    }
    if (!HasFailure()) CheckCollection();
    Report(kills);
  }

  void Round(int kills) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (const auto& writer : writers_) {
      threads.emplace_back([&stop, writer = writer.get()] {
        while (!stop) writer->Step();
      });
    }
    for (int i = 0; i < kills && !HasFailure(); ++i) LiveAndDie();
    GiveRoom();
    StartWell("100ms");
    AwaitWork();
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(site_->TakeProblems(), "");
    if (!HasFailure()) Audit();
    registry_.Kill();
  }

  // One life of the process. Half of them end between two changes of its files.
  void LiveAndDie() {
    RunFaults faults;
    faults.seed = random_();
    faults.failing_syncs_permille = failing_syncs_permille_;
    // A registry that cannot sync while it starts ends, which shows little.
    faults.syncs_before_failures = static_cast<int>(random_() % kMostSyncs);
    if (random_() % 2 == 0) faults.die_at_change = 1 + static_cast<int>(random_() % kMostChanges);
    FillOrEmpty();
    const absl::Status started = registry_.Start(faults);
    if (started.ok()) {
      const std::optional<int> end = Live();
      const bool planned = !end.has_value() || (faults.die_at_change > 0 && *end == kKilled);
      EXPECT_TRUE(planned) << "the registry ended with " << end.value_or(0);
    } else {
      const bool may_fail = faults.die_at_change > 0 || failing_syncs_permille_ > 0 || full_;
      EXPECT_TRUE(may_fail) << started;
      EXPECT_TRUE(absl::IsUnavailable(started)) << started;
      GiveRoom();
    }
    registry_.Kill();
  }

  // For a random time, in which the disk may become full or empty. What it ended with, if it did.
  std::optional<int> Live() {
    for (int half = 0; half < 2; ++half) {
      const auto time = absl::Milliseconds(1 + static_cast<int>(random_() % kLongestHalfLifeMs));
      const std::optional<int> end = registry_.EndsWithin(time);
      if (end.has_value()) return end;
      if (half == 0) FillOrEmpty();
    }
    return std::nullopt;
  }

  void StartWell(const std::string& grace) {
    const absl::Status started = registry_.Start(RunFaults(), grace);
    ASSERT_TRUE(started.ok()) << started;
  }

  // Whatever befell it, it serves on.
  void AwaitWork() {
    const auto before = site_->acknowledged();
    const absl::Time deadline = absl::Now() + kPatience;
    for (const char* const call : {"Publish", "commit"}) {
      const auto found = before.find(call);
      const int done = found == before.end() ? 0 : found->second;
      while (site_->acknowledged()[call] <= done && absl::Now() < deadline) {
        ASSERT_FALSE(registry_.EndsWithin(absl::Milliseconds(5)).has_value());
      }
      EXPECT_GT(site_->acknowledged()[call], done) << call;
    }
  }

  void Audit() {
    const auto client = RegistryClient::Connect(registry_.grpc_address(), kPatience);
    const auto digests = AuditVersions(client.get(), folder_.path("fetched"));
    EXPECT_TRUE(digests.ok()) << digests.status();
    for (const auto& writer : writers_) {
      const absl::Status status = writer->Check();
      EXPECT_TRUE(status.ok()) << status;
    }
    EXPECT_EQ(site_->TakeProblems(), "");
  }

  void CheckCollection() {
    StartWell("0s");
    const auto client = RegistryClient::Connect(registry_.grpc_address(), kPatience);
    const auto digests = AuditVersions(client.get(), folder_.path("fetched"));
    ASSERT_TRUE(digests.ok()) << digests.status();
    EXPECT_FALSE(digests->empty());
    const auto collected = client->CollectGarbage(/*dry_run=*/false);
    ASSERT_TRUE(collected.ok()) << collected.status();
    registry_.Kill();
    const absl::Status files = AuditFiles(registry_.data(), *digests);
    EXPECT_TRUE(files.ok()) << files;
    const absl::Status database = AuditDatabase(registry_.data());
    EXPECT_TRUE(database.ok()) << database;
  }

  // With too little done, nothing is shown.
  void Report(int kills) {
    int all = 0;
    for (const auto& [what, count] : site_->acknowledged()) {
      std::fprintf(stderr, "%6d %s\n", count, what.c_str());
      all += count;
    }
    EXPECT_GE(all, kills);
    EXPECT_GT(site_->acknowledged()["Publish"], 0);
    EXPECT_GT(site_->acknowledged()["commit"], 0);
  }

  void FillOrEmpty() {
    if (disk_ == nullptr) return;
    GiveRoom();
    full_ = random_() % 2 == 0;
    if (full_) disk_->Fill();
  }

  void GiveRoom() {
    if (std::exchange(full_, false)) disk_->Empty();
  }

  const uint64_t seed_;
  const int kills_;
  std::mt19937_64 random_;
  TemporaryFolder folder_;
  CrashingRegistry registry_{folder_.path()};
  std::unique_ptr<SmallDisk> disk_;  // The registry's, if it has one of its own.
  bool full_ = false;
  int failing_syncs_permille_ = 0;
  std::unique_ptr<CrashSite> site_;
  std::vector<std::unique_ptr<RegistryWriter>> writers_;
};

TEST_F(RegistryCrash, LosesNothingKilledAtAnyMoment) { Torment(kills_, {}); }

TEST_F(RegistryCrash, LosesNothingWhenItsDiskIsFull) {
  auto disk = SmallDisk::Mount(registry_.data(), kDiskMegabytes);
  if (!disk.ok()) GTEST_SKIP() << disk.status();
  disk_ = *std::move(disk);
  Torment(kills_ / 4, {absl::StatusCode::kResourceExhausted});
}

TEST_F(RegistryCrash, LosesNothingWhenSyncsFail) {
  failing_syncs_permille_ = 30;
  Torment(kills_ / 4, {absl::StatusCode::kUnknown});
}

}  // namespace
}  // namespace ropewalk
