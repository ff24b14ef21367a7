#include "worker/model/rope_frequencies.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ropewalk {
namespace {

using std::numbers::pi;

void Default(double theta, absl::Span<double> frequencies) {
  const double head_dim = 2.0 * frequencies.size();
  for (size_t i = 0; i < frequencies.size(); ++i) {
    frequencies[i] = std::pow(theta, -2.0 * i / head_dim);
  }
}

void Dynamic(const ModelConfig& config, int64_t length, absl::Span<double> frequencies) {
  const RopeConfig& rope = config.rope;
  const double max = config.max_position_embeddings, head_dim = config.head_dim;
  const double stretch = rope.factor * std::max<double>(length, max) / max - (rope.factor - 1);
  Default(rope.theta * std::pow(stretch, head_dim / (head_dim - 2)), frequencies);
}

// The pair, as a real number, that turns `turns` times within the original length.
double PairThatTurns(const RopeConfig& rope, double turns, double head_dim) {
  return head_dim * std::log(rope.original_max_position_embeddings / (turns * 2 * pi)) /
         (2 * std::log(rope.theta));
}

void Yarn(const RopeConfig& rope, absl::Span<double> frequencies) {
  const double head_dim = 2.0 * frequencies.size();
  double low = PairThatTurns(rope, rope.beta_fast, head_dim);
  double high = PairThatTurns(rope, rope.beta_slow, head_dim);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, head_dim - 1);
  if (low == high) high += 0.001;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double ramp = std::clamp((i - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / rope.factor * ramp + frequencies[i] * (1 - ramp);
  }
}

double Llama3(const RopeConfig& rope, double frequency) {
  const double turns = rope.original_max_position_embeddings * frequency / (2 * pi);
  if (turns < rope.low_freq_factor) return frequency / rope.factor;
  if (turns > rope.high_freq_factor) return frequency;
  const double smooth =
      (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

}  // namespace

void RopeFrequencies(const ModelConfig& config, int64_t length, absl::Span<double> frequencies) {
  const RopeConfig& rope = config.rope;
  if (rope.kind == RopeKind::kDynamic) return Dynamic(config, length, frequencies);
  Default(rope.theta, frequencies);
  if (rope.kind == RopeKind::kYarn) return Yarn(rope, frequencies);
  for (size_t i = 0; i < frequencies.size(); ++i) {
    if (rope.kind == RopeKind::kLinear) frequencies[i] /= rope.factor;
    if (rope.kind == RopeKind::kLlama3) frequencies[i] = Llama3(rope, frequencies[i]);
    if (rope.kind == RopeKind::kLongRope) {
      const bool is_long = length > rope.original_max_position_embeddings;
      frequencies[i] /= is_long ? rope.long_factor[i] : rope.short_factor[i];
    }
  }
}

}  // namespace ropewalk
