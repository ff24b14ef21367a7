#pragma once

#include <cstdint>
#include <memory>

#include "worker/ring/wire_format.h"

namespace ropewalk {

// How the ranks' elements at one place become one.
enum class ReduceOp : uint8_t {
  kSumInt32 = 1,    // modulo 2^32
  kMaxUint8 = 2,    //
  kSumFloat32 = 3,  // in ring order, rounded after each addition
};

// What rounding leaves out of float32 elements on their way and is to be added to those of the next
// reduction (error feedback: Seide et al., 2014), [count] each. `next` is to take the place of
// `owed` once what was reduced is kept; until then a reduction may be made again. Null: it is lost.
struct ErrorFeedback {
  const float* owed = nullptr;
  float* next = nullptr;
};

// Elements to reduce in place. `data` is aligned for its element type.
struct RingBuffer {
  void* data;
  int64_t count;
  ReduceOp op;
  // What keeps `data` alive, if it is to be sent from where it lies: that saves a copy, but when a
  // reduction fails, `data` may be read on, by connections that are no more, until nobody else
  // holds the owner. Null: nothing refers to `data` once a reduction has ended.
  std::shared_ptr<const void> owner = nullptr;
  // How float32 elements travel; other than plain in a mesh only.
  WireFormat wire = WireFormat::kPlain;
  ErrorFeedback feedback = {};
};

// Bytes of one element.
constexpr int64_t ElementBytes(ReduceOp op) { return op == ReduceOp::kMaxUint8 ? 1 : 4; }

}  // namespace ropewalk
