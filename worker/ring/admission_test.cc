#include "worker/ring/admission.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

v1::RingOpen Open(const std::string& job, int64_t generation, int from = 0, int to = 1,
                  int ranks = 3) {
  v1::RingOpen open;
  open.set_job(job);
  open.set_generation(generation);
  open.set_from_rank(from);
  open.set_to_rank(to);
  open.set_ranks(ranks);
  open.set_stripes(1);
  return open;
}

const RingSeat kSeat = {"jobs/a", 5, 1, 3, {0}};
const RingSeat kMeshSeat = {"jobs/a", 5, 1, 3, {0, 2}};

TEST(Admission, TakesThePredecessorOfTheSameRing) {
  EXPECT_EQ(Admit(Open("jobs/a", 5), kSeat, std::nullopt).value(), Admission::kNow);
}

TEST(Admission, TakesEveryOtherRankOfAMesh) {
  for (const int from : {0, 2}) {
    EXPECT_EQ(Admit(Open("jobs/a", 5, from), kMeshSeat, std::nullopt).value(), Admission::kNow);
  }
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Admit(Open("jobs/a", 5, 1), kMeshSeat, std::nullopt).status()));
}

TEST(Admission, TakesEveryStripeOfAHopThatHasSeveral) {
  RingSeat seat = kSeat;
  seat.stripes = 2;
  v1::RingOpen open = Open("jobs/a", 5);
  open.set_stripes(2);
  for (const int stripe : {0, 1}) {
    open.set_stripe(stripe);
    EXPECT_EQ(Admit(open, seat, std::nullopt).value(), Admission::kNow);
  }
  open.set_stripe(2);
  EXPECT_TRUE(absl::IsFailedPrecondition(Admit(open, seat, std::nullopt).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Admit(Open("jobs/a", 5), seat, std::nullopt).status()));
}

TEST(Admission, KeepsWhoeverIsAhead) {
  EXPECT_EQ(Admit(Open("jobs/a", 6), kSeat, std::nullopt).value(), Admission::kLater);
  EXPECT_EQ(Admit(Open("jobs/a", 6), std::nullopt, kSeat).value(), Admission::kLater);
  EXPECT_EQ(Admit(Open("jobs/b", 1), std::nullopt, kSeat).value(), Admission::kLater);
}

TEST(Admission, SendsThePastAway) {
  EXPECT_TRUE(absl::IsAborted(Admit(Open("jobs/a", 4), kSeat, std::nullopt).status()));
  EXPECT_TRUE(absl::IsAborted(Admit(Open("jobs/a", 5), std::nullopt, kSeat).status()));
  EXPECT_TRUE(absl::IsAborted(Admit(Open("jobs/a", 4), std::nullopt, kSeat).status()));
}

TEST(Admission, SendsAnotherJobAway) {
  EXPECT_TRUE(absl::IsAborted(Admit(Open("jobs/b", 5), kSeat, std::nullopt).status()));
}

TEST(Admission, ExpectsTheSameRingFromTheRightRank) {
  for (const v1::RingOpen& open :
       {Open("jobs/a", 5, 2, 1, 3), Open("jobs/a", 5, 0, 2, 3), Open("jobs/a", 5, 0, 1, 2)}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(Admit(open, kSeat, std::nullopt).status()));
  }
}

}  // namespace
}  // namespace ropewalk
