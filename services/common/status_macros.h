#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Early return of errors, with the names of Abseil's later releases so that these can be deleted
// one day.

#define ROPEWALK_CONCAT_INNER_(a, b) a##b
#define ROPEWALK_CONCAT_(a, b) ROPEWALK_CONCAT_INNER_(a, b)

// Returns from the enclosing function if `expr`, an absl::Status, is an error.
#define RETURN_IF_ERROR(expr)                                \
  do {                                                       \
    absl::Status status_macro_value = (expr);                \
    if (!status_macro_value.ok()) return status_macro_value; \
  } while (false)

// Evaluates `expr`, an absl::StatusOr<T>; assigns its value to `lhs`, which may declare a variable,
// or returns its error.
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL_(ROPEWALK_CONCAT_(status_or_value_, __COUNTER__), lhs, expr)

#define ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr)   \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = std::move(tmp).value()
