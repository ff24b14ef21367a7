#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/registry/metadata_store_suite.h"

// MetadataStoreSuite: restarts, threads and the write lock.

namespace ropewalk {
namespace {

using ::testing::ElementsAre;

constexpr char kTiny[] = "models/org/tiny";

TEST_P(MetadataStoreSuite, KeepsEverythingWhenOpenedAgain) {
  v1::Version contents = MadeAt(5);
  contents.add_labels("peft");
  contents.add_tags("latest");
  Put(kTiny, 'a', contents);
  ASSERT_TRUE(store_->PutGitOid(Id('1'), "oid").ok());
  Reopen();
  EXPECT_THAT(Get(kTiny, 'a').tags(), ElementsAre("latest"));
  EXPECT_THAT(Get(kTiny, 'a').labels(), ElementsAre("peft"));
  EXPECT_EQ(GetRepository(kTiny).create_time().seconds(), 5);
  EXPECT_EQ(*store_->GetGitOid(Id('1')), "oid");
  Put(kTiny, 'b');
  EXPECT_THAT(List(AllVersions()), ElementsAre("org/tiny b", "org/tiny a"));
}

TEST_P(MetadataStoreSuite, ShowsWhatWasWrittenElsewhereAtOnce) {
  Put(kTiny, 'a');
  EXPECT_TRUE(Other()->GetVersion(kTiny, Id('a')).ok());
  ASSERT_TRUE(Other()->DeleteVersion(kTiny, Id('a')).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->GetVersion(kTiny, Id('a')).status()));
}

TEST_P(MetadataStoreSuite, HasOneSecret) {
  const std::string first(32, '\xfe');
  EXPECT_EQ(*store_->KeepSecret(first), first);
  EXPECT_EQ(*Other()->KeepSecret("another"), first);
  Reopen();
  EXPECT_EQ(*store_->KeepSecret("a third"), first);
}

// Counts in the time of a tag, which it reads and then writes.
void CountUp(MetadataStore* store, int times) {
  for (int i = 0; i < times; ++i) {
    const auto lock = store->LockForWriting();
    ASSERT_TRUE(lock.ok()) << lock.status();
    auto tag = store->GetTag(kTiny, "count");
    ASSERT_TRUE(tag.ok()) << tag.status();
    tag->mutable_update_time()->set_seconds(tag->update_time().seconds() + 1);
    const absl::Status put = store->PutTag(kTiny, "count", *tag);
    ASSERT_TRUE(put.ok()) << put;
  }
}

TEST_P(MetadataStoreSuite, HasOneHolderOfItsWriteLock) {
  constexpr int kThreads = 6, kTimes = 20;
  Put(kTiny, 'a');
  ASSERT_TRUE(Tag(kTiny, "count", 'a', false, false, 0).ok());
  MetadataStore* const stores[] = {store_.get(), Other()};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([store = stores[i % 2]] { CountUp(store, kTimes); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->GetTag(kTiny, "count")->update_time().seconds(), kThreads * kTimes);
}

TEST_P(MetadataStoreSuite, GivesTheWriteLockToTheNextWhenItIsLetGo) {
  auto held = store_->LockForWriting();
  ASSERT_TRUE(held.ok()) << held.status();
  std::atomic<bool> let_go{false};
  std::thread next([&, other = Other()] {
    const auto lock = other->LockForWriting();
    EXPECT_TRUE(lock.ok()) << lock.status();
    EXPECT_TRUE(let_go);
  });
  Put(kTiny, 'a');
  let_go = true;
  held->reset();
  next.join();
}

TEST_P(MetadataStoreSuite, LetsThoseWhoDoNotAskForTheWriteLockGoOn) {
  const auto held = store_->LockForWriting();
  ASSERT_TRUE(held.ok()) << held.status();
  std::thread others([&, other = Other()] {
    for (MetadataStore* const store : {store_.get(), other}) {
      EXPECT_TRUE(store->PutGitOid(Id('1'), "oid").ok());
      EXPECT_EQ(*store->GetGitOid(Id('1')), "oid");
      EXPECT_TRUE(absl::IsNotFound(store->GetRepository("models/org/none").status()));
    }
  });
  others.join();
  Put(kTiny, 'a');
  EXPECT_TRUE(store_->GetVersion(kTiny, Id('a')).ok());
}

TEST_P(MetadataStoreSuite, TakesChangesFromManyThreads) {
  constexpr int kThreads = 8, kVersions = 8;
  MetadataStore* const stores[] = {store_.get(), Other()};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([i, store = stores[i % 2]] {
      for (int version = 0; version < kVersions; ++version) {
        v1::Version contents = MadeAt(i);
        contents.add_tags("latest");
        contents.add_labels(absl::StrCat("label-", version));
        // The first version is everybody's.
        const std::string id = version == 0 ? Id('0') : absl::StrCat(i, Id('a' + version));
        const absl::Status put = store->PutVersion(kTiny, id.substr(0, 64), contents);
        EXPECT_TRUE(put.ok()) << put;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(GetRepository(kTiny).version_count(), kThreads * (kVersions - 1) + 1);
  EXPECT_EQ(GetRepository(kTiny).tags_size(), 1);
  EXPECT_EQ(GetRepository(kTiny).update_time().seconds(), kThreads - 1);
}

}  // namespace
}  // namespace ropewalk
