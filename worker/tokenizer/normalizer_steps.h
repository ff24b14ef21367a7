#pragma once

#include <string>
#include <utility>

#include "worker/tokenizer/normalizer.h"
#include "worker/tokenizer/regex.h"

// The steps of normalisation that tokenizer.json knows by these names, but for the normal forms
// (normal_form.h).
namespace ropewalk {

// Puts a text in front.
class Prepend : public NormalizerStep {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  absl::StatusOr<AlignedText> Rewrite(const AlignedView& text) const override;

 private:
  const std::string prefix_;
};

// Puts a text in place of every match.
class Replace : public NormalizerStep {
 public:
  Replace(Regex regex, std::string content)
      : regex_(std::move(regex)), content_(std::move(content)) {}
  absl::StatusOr<AlignedText> Rewrite(const AlignedView& text) const override;

 private:
  const Regex regex_;
  const std::string content_;
};

// Takes away white space at the ends.
class Strip : public NormalizerStep {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  absl::StatusOr<AlignedText> Rewrite(const AlignedView& text) const override;

 private:
  const bool left_, right_;
};

// Small letters for large ones, character by character.
class Lowercase : public NormalizerStep {
 public:
  absl::StatusOr<AlignedText> Rewrite(const AlignedView& text) const override;
};

}  // namespace ropewalk
