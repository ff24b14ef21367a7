#include "worker/peft/lora_init.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr absl::string_view kIterations = "pissa_niter_";
constexpr int kMostIterations = 100;

// W = U diag(s) Vᵀ, the largest values only.
struct Svd {
  Matrix u;           // [out, rank]
  Eigen::VectorXd s;  // [rank]
  Matrix v;           // [in, rank]
};

Svd Truncated(const Eigen::BDCSVD<Matrix>& svd, int64_t rank) {
  return {svd.matrixU().leftCols(rank), svd.singularValues().head(rank),
          svd.matrixV().leftCols(rank)};
}

Matrix Orthonormal(const Matrix& columns) {
  const Matrix identity = Matrix::Identity(columns.rows(), columns.cols());
  return Eigen::HouseholderQR<Matrix>(columns).householderQ() * identity;
}

// Subspace iteration from random directions (Halko, Martinsson & Tropp, 2011, algorithm 4.4), as
// PyTorch's svd_lowrank does it.
Svd RandomizedSvd(const Matrix& w, int64_t rank, int iterations) {
  std::vector<float> random(w.cols() * rank);
  FillNormal(/*seed=*/0, /*stream=*/0, 1.0f, random.data(), random.size());
  const Matrix directions =
      Eigen::Map<const Eigen::MatrixXf>(random.data(), w.cols(), rank).cast<double>();
  Matrix q = Orthonormal(w * directions);
  for (int i = 0; i < iterations; ++i) {
    q = Orthonormal(w * Orthonormal(w.transpose() * q));
  }
  const Matrix small = q.transpose() * w;
  Svd svd =
      Truncated(Eigen::BDCSVD<Matrix>(small, Eigen::ComputeThinU | Eigen::ComputeThinV), rank);
  svd.u = q * svd.u;
  return svd;
}

void Pissa(const Matrix& w, int64_t rank, double scale, int iterations, Matrix* a, Matrix* b) {
  const Svd svd =
      iterations > 0
          ? RandomizedSvd(w, rank, iterations)
          : Truncated(Eigen::BDCSVD<Matrix>(w, Eigen::ComputeThinU | Eigen::ComputeThinV), rank);
  const Eigen::VectorXd root = (svd.s / scale).cwiseSqrt();
  *a = root.asDiagonal() * svd.v.transpose();
  *b = svd.u * root.asDiagonal();
}

// The first columns of Q and rows of R need the first `rank` reflections only.
void Olora(Matrix w, int64_t rank, Matrix* a, Matrix* b) {
  *b = Matrix::Identity(w.rows(), rank);
  std::vector<Eigen::VectorXd> essentials(rank);
  std::vector<double> factors(rank);
  Eigen::VectorXd workspace(std::max<int64_t>(w.cols(), rank));
  for (int64_t k = 0; k < rank; ++k) {
    const int64_t rows = w.rows() - k;
    essentials[k].resize(rows - 1);
    double beta = 0;
    w.col(k).tail(rows).makeHouseholder(essentials[k], factors[k], beta);
    w.block(k, k, rows, w.cols() - k)
        .applyHouseholderOnTheLeft(essentials[k], factors[k], workspace.data());
  }
  for (int64_t k = rank - 1; k >= 0; --k) {
    b->bottomRows(w.rows() - k)
        .applyHouseholderOnTheLeft(essentials[k], factors[k], workspace.data());
  }
  *a = w.topRows(rank).triangularView<Eigen::Upper>();
}

}  // namespace

absl::StatusOr<LoraInit> ParseLoraInit(absl::string_view text) {
  if (text == "kaiming") return LoraInit{LoraInit::kKaiming, 0};
  if (text == "gaussian") return LoraInit{LoraInit::kGaussian, 0};
  if (text == "pissa") return LoraInit{LoraInit::kPissa, 0};
  if (text == "olora") return LoraInit{LoraInit::kOlora, 0};
  int iterations = 0;
  if (absl::StartsWith(text, kIterations) &&
      absl::SimpleAtoi(absl::StripPrefix(text, kIterations), &iterations) && iterations >= 1 &&
      iterations <= kMostIterations) {
    return LoraInit{LoraInit::kPissa, iterations};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("init_lora_weights: '", text,
                   "' is none of kaiming, gaussian, pissa, pissa_niter_1 to pissa_niter_",
                   kMostIterations, ", olora"));
}

void InitializeLora(const ParameterLayout& layout, LoraInit::Kind kind, uint64_t seed,
                    absl::Span<float> parameters) {
  uint64_t stream = 0;  // even for A, odd for B
  for (const ParameterEntry& entry : layout.entries) {
    float* const values = parameters.data() + entry.offset;
    if (absl::EndsWith(entry.name, ".lora_B.weight")) {
      std::fill_n(values, entry.size, 0.0f);
      ++stream;
    } else if (absl::EndsWith(entry.name, ".lora_A.weight")) {
      if (kind == LoraInit::kGaussian) {
        FillNormal(seed, stream, 1 / static_cast<float>(entry.shape[0]), values, entry.size);
      } else {
        const float bound = 1 / std::sqrt(static_cast<float>(entry.shape[1]));
        FillUniform(seed, stream, bound, values, entry.size);
      }
      ++stream;
    }
  }
}

void DivideBase(const LoraInit& init, int64_t out, int64_t in, int64_t rank, double scale,
                absl::Span<float> weight, absl::Span<float> a, absl::Span<float> b) {
  Eigen::Map<RowMajor> w(weight.data(), out, in);
  Matrix a_values, b_values;
  if (init.kind == LoraInit::kPissa) {
    Pissa(w.cast<double>(), rank, scale, init.iterations, &a_values, &b_values);
  } else {
    Olora(w.cast<double>(), rank, &a_values, &b_values);
  }
  Eigen::Map<RowMajor>(a.data(), rank, in) = a_values.cast<float>();
  Eigen::Map<RowMajor>(b.data(), out, rank) = b_values.cast<float>();
  w = (w.cast<double>() - scale * b_values * a_values).cast<float>();
}

}  // namespace ropewalk
