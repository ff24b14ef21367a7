#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tests/bench/train/training_run.h"

namespace ropewalk {

// train_bench's command line.
struct BenchOptions {
  std::string shape = "smollm2-135m";
  std::string write_model;
  bool plan = false;
  std::string tokens;
  int64_t step_tokens = 4096;
  int64_t sequence = 512;
  int threads = 2;
  bool matmuls = true;
  bool profile = false;
  std::string json;
  TrainingRunOptions run;
};

void AddBenchOptions(CLI::App* app, BenchOptions* options);

}  // namespace ropewalk
