#include "worker/tokenizer/testing/byte_tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "worker/tokenizer/byte_alphabet.h"
#include "worker/tokenizer/tokenizer_json.h"

namespace ropewalk {

nlohmann::json ByteTokenizerJson() {
  nlohmann::json vocabulary = nlohmann::json::object();
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary[BytesToCharacters(std::string(1, static_cast<char>(byte)))] = byte;
  }
  return {
      {"added_tokens", {{{"id", 256}, {"content", "<|end|>"}, {"special", true}}}},
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
      {"post_processor", nullptr},
      {"decoder", {{"type", "ByteLevel"}}},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}}},
  };
}

std::unique_ptr<Tokenizer> MakeByteTokenizer() {
  return std::make_unique<Tokenizer>(ParseTokenizerJson(ByteTokenizerJson().dump()).value(), 256);
}

std::string WriteTestFile(const std::string& name, const std::string& text) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = std::filesystem::path(testing::TempDir()) / "ropewalk_tokenizer_test" /
                      test->test_suite_name() / test->name();
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << text;
  return folder / name;
}

}  // namespace ropewalk
