// The part of Evaluator that computes expressions.

#include <utility>

#include "services/common/status_macros.h"
#include "worker/chat/jinja/arithmetic.h"
#include "worker/chat/jinja/attributes.h"
#include "worker/chat/jinja/compare.h"
#include "worker/chat/jinja/evaluator.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/nesting.h"
#include "worker/chat/jinja/text.h"

namespace ropewalk::jinja {

absl::StatusOr<Value> Evaluator::Eval(const Expr& expression, Frame* frame) {
  const Nesting nesting(this, expression.line);
  RETURN_IF_ERROR(nesting.Check());
  return std::visit([&](const auto& node) { return EvalNode(node, frame); }, expression.node);
}

absl::StatusOr<Value> Evaluator::EvalOptional(const ExprPtr& expression, Frame* frame) {
  if (expression == nullptr) return Value::Absent();
  return Eval(*expression, frame);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Name& node, Frame* frame) {
  for (const Frame* scope = frame; scope != nullptr; scope = scope->parent) {
    const auto found = scope->values.find(node.name);
    if (found != scope->values.end()) return found->second;
  }
  return Value::Undefined(node.name);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Unary& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value operand, Eval(*node.operand, frame));
  if (node.op == '!') return Value::Bool(!Truth(operand));
  return node.op == '-' ? Negative(operand) : Positive(operand);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Binary& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value left, Eval(*node.left, frame));
  if (node.op == Binary::Op::kAnd && !Truth(left)) return left;
  if (node.op == Binary::Op::kOr && Truth(left)) return left;
  ASSIGN_OR_RETURN(const Value right, Eval(*node.right, frame));
  if (node.op == Binary::Op::kAnd || node.op == Binary::Op::kOr) return right;
  return Arithmetic(runtime_, node.op, left, right);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Concat& node, Frame* frame) {
  std::string text;
  for (const ExprPtr& part : node.parts) {
    ASSIGN_OR_RETURN(const Value value, Eval(*part, frame));
    RETURN_IF_ERROR(AppendStr(runtime_, value, &text));
    RETURN_IF_ERROR(runtime_.budget.Fits(text.size(), 1));
  }
  return runtime_.heap.String(std::move(text));
}

namespace {

absl::StatusOr<bool> Compare(Runtime& runtime, Comparison::Op op, const Value& a, const Value& b) {
  using Op = Comparison::Op;
  const auto negated = [](absl::StatusOr<bool> result) -> absl::StatusOr<bool> {
    if (!result.ok()) return result;
    return !*result;
  };
  switch (op) {
    case Op::kEq:
      return Equal(runtime, a, b);
    case Op::kNe:
      return negated(Equal(runtime, a, b));
    case Op::kIn:
      return Contains(runtime, b, a);
    case Op::kNotIn:
      return negated(Contains(runtime, b, a));
    case Op::kLt:
      return Less(runtime, a, b);
    case Op::kGt:
      return Less(runtime, b, a);
    case Op::kLe:
      return LessOrEqual(runtime, a, b);
    case Op::kGe:
      return LessOrEqual(runtime, b, a);
  }
  return false;
}

}  // namespace

absl::StatusOr<Value> Evaluator::EvalNode(const Comparison& node, Frame* frame) {
  ASSIGN_OR_RETURN(Value left, Eval(*node.first, frame));
  for (const auto& [op, operand] : node.rest) {
    ASSIGN_OR_RETURN(const Value right, Eval(*operand, frame));
    ASSIGN_OR_RETURN(const bool holds, Compare(runtime_, op, left, right));
    if (!holds) return Value::Bool(false);
    left = right;
  }
  return Value::Bool(true);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Conditional& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value test, Eval(*node.test, frame));
  if (Truth(test)) return Eval(*node.then, frame);
  if (node.otherwise != nullptr) return Eval(*node.otherwise, frame);
  return Value::Undefined("the value of an 'if' without 'else'");
}

absl::StatusOr<Value> Evaluator::EvalNode(const Attribute& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value object, Eval(*node.object, frame));
  if (object.is(Value::Kind::kLoop)) return LoopAttribute(object.loop(), node.name);
  return GetAttribute(runtime_, object, node.name);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Subscript& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value object, Eval(*node.object, frame));
  ASSIGN_OR_RETURN(const Value key, Eval(*node.key, frame));
  if (object.is(Value::Kind::kLoop) && key.is_string()) {
    return LoopAttribute(object.loop(), key.text());
  }
  return GetItem(runtime_, object, key);
}

absl::StatusOr<Value> Evaluator::EvalNode(const Slice& node, Frame* frame) {
  ASSIGN_OR_RETURN(const Value object, Eval(*node.object, frame));
  ASSIGN_OR_RETURN(const Value begin, EvalOptional(node.begin, frame));
  ASSIGN_OR_RETURN(const Value end, EvalOptional(node.end, frame));
  ASSIGN_OR_RETURN(const Value step, EvalOptional(node.step, frame));
  return GetSlice(runtime_, object, begin, end, step);
}

absl::StatusOr<Value> Evaluator::EvalNode(const ListDisplay& node, Frame* frame) {
  std::vector<Value> items;
  items.reserve(node.items.size());
  for (const ExprPtr& item : node.items) {
    ASSIGN_OR_RETURN(items.emplace_back(), Eval(*item, frame));
  }
  if (node.is_tuple) return runtime_.heap.Tuple(std::move(items));
  return runtime_.heap.List(std::move(items));
}

absl::StatusOr<Value> Evaluator::EvalNode(const DictDisplay& node, Frame* frame) {
  Dict dict;
  for (const auto& [key_expression, value_expression] : node.entries) {
    ASSIGN_OR_RETURN(const Value key, Eval(*key_expression, frame));
    ASSIGN_OR_RETURN(const Value value, Eval(*value_expression, frame));
    RETURN_IF_ERROR(CheckHashable(key));
    RETURN_IF_ERROR(runtime_.budget.Step(1 + (key.is_string() ? 0 : dict.entries.size())));
    dict.Insert(key, value);
  }
  return runtime_.heap.Make(std::move(dict));
}

}  // namespace ropewalk::jinja
