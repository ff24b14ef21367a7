#include "worker/ops/matrix_panels.h"

namespace ropewalk {

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

}  // namespace ropewalk
