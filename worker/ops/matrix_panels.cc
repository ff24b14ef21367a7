#include "worker/ops/matrix_panels.h"

namespace ropewalk {

namespace {

// Of rows x columns numbers from (row, column) on.
void PrefetchPart(const StoredMatrix& w, int64_t row, int64_t rows, int64_t column, int64_t columns,
                  int64_t part, int64_t parts) {
  constexpr int64_t kLine = 64 / sizeof(Bfloat16);
  const Bfloat16* const values = w.AsBfloat16();
  if (values == nullptr || rows * columns == 0) return;
  const int64_t lines = (columns + kLine - 1) / kLine, end = rows * lines * (part + 1) / parts;
  for (int64_t line = rows * lines * part / parts; line < end; ++line) {
    const int64_t at = (row + line / lines) * w.columns() + column + line % lines * kLine;
    __builtin_prefetch(values + at, 0, 2);
  }
}

}  // namespace

int PlanesOf(const StoredMatrix& w, bool rounds) {
  return rounds || w.AsBfloat16() != nullptr ? 1 : kMaxPlanes;
}

void PackOutputs(const StoredMatrix& w, int planes, int64_t column, int64_t columns, int64_t first,
                 int64_t count, Bfloat16* panels) {
  const int64_t stride = w.columns(), offset = column * stride + first;
  if (const Bfloat16* values = w.AsBfloat16(); values != nullptr) {
    return PackPanelsOfRows(count, columns, values + offset, stride, panels);
  }
  if (const float* values = w.AsFloat(); values != nullptr) {
    return PackPanelsOfRows(count, columns, values + offset, stride, planes, panels);
  }
  PackPanelsOfRows(count, columns, ReadPart(w, column, columns, first, count), count, planes,
                   panels);
}

void PackInputs(const StoredMatrix& w, int planes, int64_t column, int64_t columns, int64_t first,
                int64_t count, Bfloat16* panels) {
  const int64_t stride = w.columns(), offset = first * stride + column;
  if (const Bfloat16* values = w.AsBfloat16(); values != nullptr) {
    return PackPanels(count, columns, values + offset, stride, panels);
  }
  if (const float* values = w.AsFloat(); values != nullptr) {
    return PackPanels(count, columns, values + offset, stride, planes, panels);
  }
  PackPanels(count, columns, ReadPart(w, first, count, column, columns), columns, planes, panels);
}

void PrefetchOutputs(const StoredMatrix& w, int64_t column, int64_t columns, int64_t first,
                     int64_t count, int64_t part, int64_t parts) {
  PrefetchPart(w, column, columns, first, count, part, parts);
}

void PrefetchInputs(const StoredMatrix& w, int64_t column, int64_t columns, int64_t first,
                    int64_t count, int64_t part, int64_t parts) {
  PrefetchPart(w, first, count, column, columns, part, parts);
}

}  // namespace ropewalk
