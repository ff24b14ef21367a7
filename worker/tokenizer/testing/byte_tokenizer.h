#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// A byte-level BPE without merges as tokenizer.json writes it: a token's id is its byte, and the
// special token <|end|> is 256.
nlohmann::json ByteTokenizerJson();

// What it describes; <|end|> ends a document.
std::unique_ptr<Tokenizer> MakeByteTokenizer();

// A fresh file in the test's temporary folder; its path.
std::string WriteTestFile(const std::string& name, const std::string& text);

}  // namespace ropewalk
