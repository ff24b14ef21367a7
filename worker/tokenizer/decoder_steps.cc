#include "worker/tokenizer/decoder_steps.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "worker/tokenizer/byte_alphabet.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

int HexDigit(char c) {
  if (absl::ascii_isdigit(static_cast<unsigned char>(c))) return c - '0';
  if (absl::ascii_isxdigit(static_cast<unsigned char>(c))) return (c | 0x20) - 'a' + 10;
  return -1;
}

// The byte that a token like <0xE7> stands for; -1: it is none of those.
int FallbackByte(absl::string_view token) {
  if (token.size() != 6 || !absl::StartsWith(token, "<0x") || token[5] != '>') return -1;
  const int high = HexDigit(token[3]), low = HexDigit(token[4]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

}  // namespace

void JoinWithSpaces::Push(absl::string_view piece, Pass pass) {
  if (!first_) pass(" ");
  first_ = false;
  pass(piece);
}

void ByteLevelDecoder::Push(absl::string_view piece, Pass pass) {
  if (!CharactersToBytes(piece, &bytes_)) absl::StrAppend(&bytes_, piece);
  const size_t whole = bytes_.size() - IncompleteEnd(bytes_);
  if (whole == 0) return;
  text_.clear();
  AppendAsUtf8(absl::string_view(bytes_).substr(0, whole), &text_);
  bytes_.erase(0, whole);
  pass(text_);
}

void ByteLevelDecoder::Finish(Pass pass) {
  if (bytes_.empty()) return;
  text_.clear();
  AppendAsUtf8(bytes_, &text_);
  bytes_.clear();
  pass(text_);
}

void ByteFallbackDecoder::Push(absl::string_view piece, Pass pass) {
  const int byte = FallbackByte(piece);
  if (byte >= 0) {
    bytes_.push_back(static_cast<char>(byte));
    return;
  }
  Finish(pass);
  pass(piece);
}

void ByteFallbackDecoder::Finish(Pass pass) {
  if (bytes_.empty()) return;
  const bool valid = IsValidUtf8(bytes_);
  if (valid) pass(bytes_);
  for (size_t i = 0; !valid && i < bytes_.size(); ++i) pass("\xEF\xBF\xBD");
  bytes_.clear();
}

void ReplaceDecoder::Push(absl::string_view piece, Pass pass) {
  if (fused_) {
    absl::StrAppend(&held_, piece);
  } else {
    PassReplaced(piece, pass);
  }
}

void ReplaceDecoder::Finish(Pass pass) {
  if (fused_) PassReplaced(held_, pass);
  held_.clear();
}

void ReplaceDecoder::PassReplaced(absl::string_view piece, Pass pass) const {
  std::string text;
  size_t done = 0;
  // A token that the expression fails on stays as it is.
  const absl::Status status =
      piece.empty() ? absl::OkStatus() : regex_->ForEachMatch(piece, [&](size_t begin, size_t end) {
        absl::StrAppend(&text, piece.substr(done, begin - done), content_);
        done = end;
        return absl::OkStatus();
      });
  absl::StrAppend(&text, piece.substr(done));
  pass(status.ok() ? absl::string_view(text) : piece);
}

absl::string_view StripDecoder::WithoutStart(absl::string_view piece, size_t* left) const {
  while (*left > 0 && absl::StartsWith(piece, character_)) {
    piece.remove_prefix(character_.size());
    --*left;
  }
  if (!piece.empty()) *left = 0;
  return piece;
}

absl::string_view StripDecoder::WithoutStop(absl::string_view piece) const {
  for (size_t left = stop_; left > 0 && absl::EndsWith(piece, character_); --left) {
    piece.remove_suffix(character_.size());
  }
  return piece;
}

void StripDecoder::Push(absl::string_view piece, Pass pass) {
  if (!fused_) {
    size_t left = start_;
    return pass(WithoutStop(WithoutStart(piece, &left)));
  }
  absl::StrAppend(&held_, WithoutStart(piece, &start_left_));
  const size_t certain = WithoutStop(held_).size();
  const std::string text = held_.substr(0, certain);
  held_.erase(0, certain);
  if (!text.empty()) pass(text);
}

void StripDecoder::Finish(Pass pass) { held_.clear(); }

void MetaspaceDecoder::Push(absl::string_view piece, Pass pass) {
  const bool drops = first_ && drops_;
  if (!fused_) first_ = false;
  pass(absl::StrReplaceAll(piece, {{replacement_, drops ? "" : " "}}));
}

}  // namespace ropewalk
