#include "resolver/front/policy_answer.h"

#include <algorithm>

namespace vouch {

static_assert(kPolicyActions == kPolicyActionClasses);

namespace {

bool is_alias(const Ruling& ruling) noexcept {
  return ruling.data.size() == 1 && ruling.data.front()->type() == Type::CNAME;
}

// With an SOA that lets the client remember for a while that there is nothing (RFC 2308 section 5), and no longer than
// the operator may need to change his mind.
void write_nothing(AnswerWriter& writer, NameView name, const Ruling& ruling) {
  const NameView owner = ruling.rule.is_root() ? name : ruling.rule;
  writer.authority_record(owner, Type::SOA, ruling.ttl, MadeUpSoa(owner, ruling.ttl).rdata());
}

// True: there is something of the type that was asked for.
bool write_data(AnswerWriter& writer, NameView name, const Ruling& ruling) {
  const Type type = writer.inquiry().type;
  for (const RRsetPtr& set : ruling.data) {
    if (set->type() != type && type != Type::ANY) { continue; }
    const std::uint32_t ttl = std::min(set->ttl(), ruling.max_data_ttl);
    for (const Bytes rdata : set->rdata()) { writer.answer_record(name, set->type(), ttl, rdata); }
    return true;  // of ANY, one set is enough (RFC 8482)
  }
  return false;
}

Rcode rcode_of(PolicyAction action) noexcept {
  switch (action) {
    case PolicyAction::name_error:
      return Rcode::name_error;
    case PolicyAction::refuse:
      return Rcode::refused;
    case PolicyAction::pass_on:
    case PolicyAction::no_data:
    case PolicyAction::drop:
    case PolicyAction::truncate:
    case PolicyAction::local_data:
      return Rcode::no_error;
  }
  return Rcode::no_error;
}

}  // namespace

Execution execution_of(const Ruling& ruling, const Inquiry& inquiry) noexcept {
  switch (ruling.action) {
    case PolicyAction::pass_on:
      return Execution::none;
    case PolicyAction::drop:
      return Execution::silence;
    case PolicyAction::truncate:
      return inquiry.protocol == ClientProtocol::udp ? Execution::written : Execution::none;
    case PolicyAction::local_data:
      return is_alias(ruling) && inquiry.type != Type::CNAME && inquiry.type != Type::ANY ? Execution::alias
                                                                                          : Execution::written;
    case PolicyAction::name_error:
    case PolicyAction::no_data:
    case PolicyAction::refuse:
      return Execution::written;
  }
  return Execution::none;
}

std::size_t write_ruling(AnswerWriter& writer, NameView name, const Ruling& ruling, const Policy& policy,
                         Recorder& recorder) {
  const RulingText text(ruling, policy);
  if (ruling.ede) { writer.error(*ruling.ede, text.text()); }
  Rcode rcode = rcode_of(ruling.action);
  switch (ruling.action) {
    case PolicyAction::truncate:
      writer.truncate();
      break;
    case PolicyAction::local_data:
      if (is_alias(ruling)) {
        if (const RRsetPtr alias = alias_of(ruling, name)) {
          writer.answer(*alias, alias->ttl());
        } else {
          rcode = Rcode::yx_domain;
        }
      } else if (!write_data(writer, name, ruling)) {
        write_nothing(writer, name, ruling);
      }
      break;
    case PolicyAction::name_error:
    case PolicyAction::no_data:
      write_nothing(writer, name, ruling);
      break;
    case PolicyAction::refuse:
    case PolicyAction::pass_on:
    case PolicyAction::drop:
      break;
  }
  if (ruling.additional != nullptr) { writer.additional(*ruling.additional, ruling.additional->ttl()); }
  count_ruling(ruling, policy, recorder);
  recorder.record({.source = AnswerSource::local,
                   .standing = Standing::unchecked,
                   .name = name,
                   .rcode = rcode,
                   .type = writer.inquiry().type});
  return writer.finish(rcode, false, recorder.front());
}

RRsetPtr alias_of(const Ruling& ruling, NameView name) {
  const RRset& set = *ruling.data.front();
  NameView target = rdata_name(Type::CNAME, set.first_rdata());
  std::optional<Name> grown;
  if (target.is_wildcard()) {
    grown = Name::substitute(name, NameView(), target.parent());
    if (!grown) { return nullptr; }
    target = *grown;
  }
  const Bytes rdata[] = {target.octets()};
  return RRset::make(name, Type::CNAME, std::min(set.ttl(), ruling.max_data_ttl), rdata);
}

void count_ruling(const Ruling& ruling, const Policy& policy, Recorder& recorder) noexcept {
  recorder.ruled(static_cast<std::size_t>(ruling.action), policy.counter_of(ruling.rank));
}

// ------------------------------------------------------------------------------------------------------------ the text

RulingText::RulingText(const Ruling& ruling, const Policy& policy) noexcept {
  append("list=");
  append(policy.source(ruling.rank).name());
  if (ruling.rule.is_root()) { return; }
  append(" rule=");
  // Printable octets of labels as they are; whatever else there is, a question mark: this is no place for escapes.
  const Bytes octets = ruling.rule.octets();
  for (std::size_t at = 0; octets[at] != 0; at += octets[at] + std::size_t{1}) {
    for (const Octet octet : octets.subspan(at + 1, octets[at])) {
      const bool is_plain = octet > ' ' && octet < 0x7f && octet != '.' && octet != '\\' && octet != '"';
      const char shown = is_plain ? static_cast<char>(octet) : '?';
      append({&shown, 1});
    }
    append(".");
  }
}

void RulingText::append(std::string_view text) noexcept {
  const std::size_t count = std::min(text.size(), kMost - size_);
  std::copy_n(text.data(), count, octets_.data() + size_);
  size_ += count;
}

}  // namespace vouch
