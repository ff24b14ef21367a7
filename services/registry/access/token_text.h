#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ropewalk {

// A new access token's text: "hf_" and 34 letters and digits, the form that clients of the Hub
// recognise (llama.cpp sends no other), of 202 random bits.
std::string MakeTokenText();

// What a store keeps of a token: its SHA-256, in hex. The text is as hard to guess as the hash, so
// a slow hash would add nothing.
std::string TokenHash(absl::string_view text);

// The token in "Bearer hf_..."; empty if there is none.
std::string BearerOf(absl::string_view authorization);

}  // namespace ropewalk
