#include "tests/bench/generate/generation_run.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

#include "worker/generate/generator.h"

namespace ropewalk {
namespace {

std::vector<int32_t> RandomPrompt(int64_t tokens, int64_t vocabulary, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<int32_t> prompt(tokens);
  for (int32_t& token : prompt) token = random() % vocabulary;
  return prompt;
}

void AddTexts(const GenerationRunOptions& options, const InferenceModel& model,
              Generator* generator) {
  const int adapters = model.adapters().size();
  for (int64_t i = 0; i < options.texts; ++i) {
    GenerationTask task = {
        .prompt = RandomPrompt(options.prompt, model.config().vocab_size, i),
        .max_new_tokens = options.new_tokens,
        .adapter = adapters == 0 ? RowRouter::kNoHook : static_cast<int>(i % adapters),
        .on_token = [](int32_t) { return true; }};
    if (!generator->Add(std::move(task)).ok()) return;
  }
}

double Median(std::vector<double> x) {
  if (x.empty()) return 0;
  std::nth_element(x.begin(), x.begin() + x.size() / 2, x.end());
  return x[x.size() / 2];
}

}  // namespace

GenerationRun RunGeneration(const GenerationRunOptions& options, InferenceModel* model) {
  using Clock = std::chrono::steady_clock;
  BatchDecoder decoder = model->NewDecoder();
  Generator generator(&decoder);
  std::vector<double> prompts, tokens;
  const auto timed_step = [&](std::vector<double>* seconds) {
    const auto start = Clock::now();
    generator.Step();
    seconds->push_back(std::chrono::duration<double>(Clock::now() - start).count());
  };
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  do {
    AddTexts(options, *model, &generator);
    timed_step(&prompts);
    while (generator.size() > 0) timed_step(&tokens);
  } while (Clock::now() < end);
  return {Median(prompts), Median(tokens)};
}

}  // namespace ropewalk
