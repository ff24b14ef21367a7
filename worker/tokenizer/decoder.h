#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// One step from tokens to text, for one text: it takes pieces one after another and hands on what
// they become, as soon as it is certain. At first a piece is a token.
class DecoderStep {
 public:
  using Pass = absl::FunctionRef<void(absl::string_view)>;

  virtual ~DecoderStep() = default;
  virtual void Push(absl::string_view piece, Pass pass) = 0;

  // No more pieces come: hands on what was held back.
  virtual void Finish(Pass pass) {}
};

// How the names of tokens become text: steps, of which each decoding has its own.
class Decoder {
 public:
  using MakeStep = std::function<std::unique_ptr<DecoderStep>()>;
  using Steps = std::vector<std::unique_ptr<DecoderStep>>;

  explicit Decoder(std::vector<MakeStep> steps) : steps_(std::move(steps)) {}

  Steps Start() const;

  // Pushes a piece through all steps; `pass` gets what comes out. Finish also ends them.
  static void Push(const Steps& steps, absl::string_view piece, DecoderStep::Pass pass);
  static void Finish(const Steps& steps, DecoderStep::Pass pass);

 private:
  std::vector<MakeStep> steps_;
};

}  // namespace ropewalk
