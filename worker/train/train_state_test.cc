#include "worker/train/train_state.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

TrainState Example() {
  TrainState state(300);
  state.step = 2;
  for (int i = 0; i < 300; ++i) {
    state.parameters[i] = 0.1f * i;
    state.adam_m[i] = 0.2f * i;
    state.adam_v[i] = 0.3f * i;
  }
  state.scales.Record({10, 20});
  state.scales.Record({11, 19});
  state.steps = {{1, 4.5, 1e-3, 0.7, 100}, {2, 4.25, 9e-4, 0.6, 90}};
  state.evaluations = {{2, 4.1, 3, 10}};
  return state;
}

TEST(TrainState, ComesBackToTheBit) {
  const TrainState state = Example();
  const auto parsed = TrainState::Parse(state.Serialize("plan"), "plan", 300);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->step, 2);
  EXPECT_EQ(parsed->parameters, state.parameters);
  EXPECT_EQ(parsed->adam_m, state.adam_m);
  EXPECT_EQ(parsed->adam_v, state.adam_v);
  EXPECT_EQ(parsed->scales.Scales(), state.scales.Scales());
  EXPECT_EQ(parsed->Digest(), state.Digest());
  ASSERT_EQ(parsed->steps.size(), 2u);
  EXPECT_EQ(parsed->steps[1].loss, 4.25);
  EXPECT_EQ(parsed->steps[1].tokens, 90);
  ASSERT_EQ(parsed->evaluations.size(), 1u);
  EXPECT_EQ(parsed->evaluations[0].exact_match_rows, 10);
  EXPECT_EQ(parsed->Serialize("plan"), state.Serialize("plan"));
}

TEST(TrainState, DigestSeesEveryPart) {
  const uint64_t original = Example().Digest();
  const auto changed = [&](auto change) {
    TrainState state = Example();
    change(state);
    return state.Digest() != original;
  };
  EXPECT_TRUE(changed([](TrainState& s) { s.step = 3; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.parameters[299] += 1e-6f * 299; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.adam_m[0] = 1; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.adam_v[0] = 1; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.scales.Record({1, 1}); }));
}

TEST(TrainState, OfAnotherPlanIsRefusedNamingBoth) {
  const auto parsed = TrainState::Parse(Example().Serialize("plan-a"), "plan-b", 300);
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(parsed.status().message().find("plan-a"), absl::string_view::npos);
  EXPECT_NE(parsed.status().message().find("plan-b"), absl::string_view::npos);
}

TEST(TrainState, OfAnotherSizeOrDamagedIsRefused) {
  const std::string bytes = Example().Serialize("plan");
  EXPECT_EQ(TrainState::Parse(bytes, "plan", 301).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(TrainState::Parse(bytes.substr(0, bytes.size() - 1), "plan", 300).ok());
  EXPECT_FALSE(TrainState::Parse("", "plan", 300).ok());
}

}  // namespace
}  // namespace ropewalk
