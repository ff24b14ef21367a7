#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/model/parameter_layout.h"

namespace ropewalk {

// How A and B begin; PEFT's init_lora_weights.
struct LoraInit {
  enum Kind {
    kKaiming,   // A uniform in ±1 / sqrt(in), B zero: the adapted model is at first the base
    kGaussian,  // A normal with standard deviation 1 / rank, B zero
    kPissa,     // the largest singular values and vectors of W (Meng et al., 2024)
    kOlora,     // the first columns and rows of W's QR decomposition (Büyükakyüz, 2024)
  };
  Kind kind = kKaiming;
  int iterations = 0;  // kPissa: of a randomised decomposition; 0: the exact one

  // Whether A and B take their values from W, which loses what they have: W - scale B A stays.
  bool divides_base() const { return kind == kPissa || kind == kOlora; }
};

// From "kaiming", "gaussian", "pissa", "pissa_niter_4", "olora". INVALID_ARGUMENT: another text.
absl::StatusOr<LoraInit> ParseLoraInit(absl::string_view text);

// Values to start from for kKaiming and kGaussian, in the order of LoraLayout; magnitudes are left
// as they are.
void InitializeLora(const ParameterLayout& layout, LoraInit::Kind kind, uint64_t seed,
                    absl::Span<float> parameters);

// A [rank, in] and B [out, rank] from W [out, in] for kPissa and kOlora; W becomes W - scale B A.
// The same bits for any number of threads and on any processor of an architecture.
// REQUIRES: rank <= min(out, in).
void DivideBase(const LoraInit& init, int64_t out, int64_t in, int64_t rank, double scale,
                absl::Span<float> weight, absl::Span<float> a, absl::Span<float> b);

}  // namespace ropewalk
