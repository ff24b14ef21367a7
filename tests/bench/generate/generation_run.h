#pragma once

#include <cstdint>

#include "worker/train/inference_model.h"

namespace ropewalk {

// What is measured: a Generator's steps, choosing the likeliest tokens, of texts that begin
// together with random prompts. They go to the model's adapters in turn.
struct GenerationRunOptions {
  int64_t texts = 1;
  int64_t prompt = 512;     // tokens
  int64_t new_tokens = 64;  // of a text, after which others begin
  double seconds = 3;       // at least, of all steps
};

struct GenerationRun {
  double prompt_seconds = 0;  // the median of the steps that take prompts in
  double token_seconds = 0;   // the median of the steps that take single tokens in
};

GenerationRun RunGeneration(const GenerationRunOptions& options, InferenceModel* model);

}  // namespace ropewalk
