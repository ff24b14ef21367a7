#include "coordinator/state/digest_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(DigestLedger, IsContentWhileAllAgree) {
  DigestLedger ledger;
  EXPECT_TRUE(ledger.Check("workers/a", 1, 10).ok());
  EXPECT_TRUE(ledger.Check("workers/b", 1, 10).ok());
  EXPECT_TRUE(ledger.Check("workers/b", 2, 11).ok());
}

TEST(DigestLedger, NamesStepAndBothWorkersWhenTheyDiffer) {
  DigestLedger ledger;
  ASSERT_TRUE(ledger.Check("workers/a", 7, 10).ok());
  ASSERT_TRUE(ledger.Check("workers/a", 8, 11).ok());
  const absl::Status status = ledger.Check("workers/b", 7, 12);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("step 7"), HasSubstr("workers/a"), HasSubstr("workers/b")));
}

TEST(DigestLedger, TakesNoDigestForNoOpinion) {
  DigestLedger ledger;
  ASSERT_TRUE(ledger.Check("workers/a", 7, 10).ok());
  EXPECT_TRUE(ledger.Check("workers/b", 7, 0).ok());
}

TEST(DigestLedger, BeginsAnewWhenCleared) {
  DigestLedger ledger;
  ASSERT_TRUE(ledger.Check("workers/a", 7, 10).ok());
  ledger.Clear();
  EXPECT_TRUE(ledger.Check("workers/b", 7, 12).ok());
}

}  // namespace
}  // namespace ropewalk
