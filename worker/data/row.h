#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

namespace ropewalk {

// A row of training data as written, before any tokenizer has seen it.

// All of it is learnt.
struct TextRow {
  std::string text;
};

// A prompt and what should follow it, which alone is learnt.
struct PairRow {
  std::string prompt;
  std::string completion;
};

// A conversation, which the model's chat template writes out. What the assistant says is learnt.
struct ChatRow {
  nlohmann::ordered_json messages;  // array of {"role": "...", "content": ..., ...}, never empty
  nlohmann::ordered_json tools;     // array of tool descriptions, or null
  size_t prompt_messages = 0;       // leading messages that are only given, also the assistant's
};

struct Row {
  std::string origin;  // "file:line", for messages
  std::variant<TextRow, PairRow, ChatRow> content;
};

}  // namespace ropewalk
