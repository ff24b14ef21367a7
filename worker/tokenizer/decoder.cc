#include "worker/tokenizer/decoder.h"

#include <cstddef>

namespace ropewalk {
namespace {

void PushFrom(const Decoder::Steps& steps, size_t step, absl::string_view piece,
              DecoderStep::Pass pass) {
  if (step == steps.size()) return pass(piece);
  steps[step]->Push(piece, [&](absl::string_view next) { PushFrom(steps, step + 1, next, pass); });
}

}  // namespace

Decoder::Steps Decoder::Start() const {
  Steps steps;
  for (const MakeStep& make : steps_) steps.push_back(make());
  return steps;
}

void Decoder::Push(const Steps& steps, absl::string_view piece, DecoderStep::Pass pass) {
  PushFrom(steps, 0, piece, pass);
}

void Decoder::Finish(const Steps& steps, DecoderStep::Pass pass) {
  for (size_t i = 0; i < steps.size(); ++i) {
    steps[i]->Finish([&](absl::string_view piece) { PushFrom(steps, i + 1, piece, pass); });
  }
}

}  // namespace ropewalk
