#include "worker/train/early_reduction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// Doubles what it gets; notes where each part begins and how long it is.
class DoublingReducer final : public GradientReducer {
 public:
  explicit DoublingReducer(const int32_t* begin) : begin_(begin) {}

  absl::Status AllReduce(int64_t, const Contribution& contribution) override {
    parts.emplace_back(contribution.sums.data() - begin_, contribution.sums.size());
    if (static_cast<int>(parts.size()) > fail_after) return absl::AbortedError("broken");
    for (int32_t& x : contribution.sums) x *= 2;
    return absl::OkStatus();
  }

  std::vector<std::pair<int64_t, int64_t>> parts;
  int fail_after = 100;

 private:
  const int32_t* const begin_;
};

std::vector<int32_t> Numbers(int n) {
  std::vector<int32_t> x(n);
  std::iota(x.begin(), x.end(), 1);
  return x;
}

TEST(EarlyReduction, ReducesPartsFromTheEndWhateverIsCompleteWhen) {
  SetThreads(1);
  const std::vector<int32_t> before = Numbers(1000);
  for (const std::vector<int64_t>& complete :
       {std::vector<int64_t>{0}, {900, 600, 599, 0}, {300, 0}, {999, 1, 0}}) {
    std::vector<int32_t> x = before;
    DoublingReducer reducer(x.data());
    EarlyReduction early(1, absl::MakeSpan(x), 300, nullptr, &reducer);
    for (const int64_t first : complete) early.Complete(first);
    ASSERT_TRUE(early.Finish().ok());
    using Part = std::pair<int64_t, int64_t>;
    EXPECT_THAT(reducer.parts,
                testing::ElementsAre(Part(900, 100), Part(600, 300), Part(300, 300), Part(0, 300)));
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(x[i], 2 * before[i]);
    EXPECT_TRUE(early.checksum() == ChecksumOf(before));
  }
}

TEST(EarlyReduction, BeginsNoPartAfterAnError) {
  SetThreads(1);
  std::vector<int32_t> x = Numbers(1000);
  DoublingReducer reducer(x.data());
  reducer.fail_after = 1;
  EarlyReduction early(1, absl::MakeSpan(x), 300, nullptr, &reducer);
  early.Complete(0);
  EXPECT_EQ(early.Finish().message(), "broken");
  EXPECT_EQ(reducer.parts.size(), 2u);
}

TEST(EarlyReduction, EndsWithoutWhatIsNotComplete) {
  SetThreads(1);
  std::vector<int32_t> x = Numbers(1000);
  DoublingReducer reducer(x.data());
  { const EarlyReduction early(1, absl::MakeSpan(x), 300, nullptr, &reducer); }
  EXPECT_TRUE(reducer.parts.empty());
}

TEST(EarlyReduction, HoldsItsOwnerUntilAllIsReduced) {
  SetThreads(1);
  const auto x = std::make_shared<std::vector<int32_t>>(Numbers(10));
  DoublingReducer reducer(x->data());
  EarlyReduction early(1, absl::MakeSpan(*x), 4, x, &reducer);
  EXPECT_EQ(x.use_count(), 2);
  early.Complete(0);
  ASSERT_TRUE(early.Finish().ok());
  EXPECT_EQ(x.use_count(), 1);
}

}  // namespace
}  // namespace ropewalk
