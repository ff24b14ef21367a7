// How fast a model folder's tokenizer is: loads it, encodes the texts of a JSONL file (JSON
// strings, one a line) again and again on all cores and on one, and decodes them. Prints megabytes
// of text a second, one line of JSON a round, so that rounds of
// tests/golden/tokenizers/bench_tokenizers.py can be taken in between.

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "worker/tensor/parallel.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {
namespace {

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Megabytes a second that `f` goes through.
template <typename F>
double Speed(size_t bytes, F f) {
  const double begin = Seconds();
  f();
  return static_cast<double>(bytes) / 1e6 / (Seconds() - begin);
}

std::vector<std::string> ReadTexts(const std::string& path) {
  std::vector<std::string> texts;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) texts.push_back(nlohmann::json::parse(line));
  return texts;
}

int Run(const std::string& base, const std::string& path, int rounds) {
  const double begin = Seconds();
  const auto tokenizer = Tokenizer::Load(base);
  if (!tokenizer.ok()) {
    std::cerr << tokenizer.status() << "\n";
    return 1;
  }
  const double load_seconds = Seconds() - begin;
  const std::vector<std::string> texts = ReadTexts(path);
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  const int threads = omp_get_max_threads();
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::vector<int32_t>> tokens;
    SetThreads(threads);
    const double all = Speed(bytes, [&] { tokens = (*tokenizer)->EncodeAll(texts).value(); });
    SetThreads(1);
    const double one = Speed(bytes, [&] { tokens = (*tokenizer)->EncodeAll(texts).value(); });
    size_t count = 0, decoded = 0;
    const double decode = Speed(bytes, [&] {
      for (const auto& list : tokens) decoded += (*tokenizer)->Decode(list).size();
    });
    for (const auto& list : tokens) count += list.size();
    std::cout << nlohmann::json({{"threads", threads},
                                 {"encode_mb_s", all},
                                 {"encode_one_thread_mb_s", one},
                                 {"decode_one_thread_mb_s", decode},
                                 {"load_s", load_seconds},
                                 {"bytes", bytes},
                                 {"tokens", count}})
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  CLI::App app("Speed of a tokenizer.", "tokenizer_bench");
  std::string base, texts;
  int rounds = 3;
  app.add_option("--base", base, "model folder")->required();
  app.add_option("--texts", texts, "JSONL file of JSON strings")->required();
  app.add_option("--rounds", rounds)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return ropewalk::Run(base, texts, rounds);
}
