// The data of the small Internet: RFC 1034 section 4.3.2 as an authoritative server follows it.
#include <algorithm>
#include <stdexcept>

#include "resolver/wire/rrset.h"
#include "tests/scenarios/internet.h"

namespace vouch::simulation {
namespace {

constexpr int kMaxAliases = 16;  // a loop of aliases ends here; real servers stop at about as many

Name child_name(std::string_view label, NameView of) {
  Name name(of);
  name.prepend_label(bytes_of(label));
  return name;
}

Name target_of(const Record& record) { return Name(rdata_name(record.type, record.rdata)); }

}  // namespace

Zone::Zone(Internet& net, Name origin) : net_(net), origin_(std::move(origin)) {
  negative_ttl(300);
  put(Record::of(origin_.text() + " 86400 IN NS " + child_name("ns1", origin_).text()));
}

void Zone::put(Record record) {
  if (!record.owner.view().is_at_or_below(origin_)) {
    throw std::invalid_argument(record.text() + " is not of zone " + origin_.text());
  }
  std::vector<Record>& set = names_[record.owner][record.type];
  if (std::ranges::none_of(set, [&record](const Record& other) { return other.same_data(record); })) {
    set.push_back(std::move(record));
  }
}

Zone& Zone::at(std::string_view address) {
  net_.server(address).serves(origin_);
  return *this;
}

Zone& Zone::has(std::string_view record) {
  put(Record::of(record));
  return *this;
}

Zone& Zone::lacks(std::string_view name, Type type) {
  const auto found = names_.find(Name::of(name));
  if (found == names_.end()) { return *this; }
  if (type == Type::ANY) {
    names_.erase(found);
  } else {
    found->second.erase(type);
    if (found->second.empty()) { names_.erase(found); }
  }
  return *this;
}

Zone& Zone::negative_ttl(std::uint32_t seconds) {
  const std::string ttl = std::to_string(seconds);
  lacks(origin_.text(), Type::SOA);
  put(Record::of(origin_.text() + " " + ttl + " IN SOA " + child_name("ns1", origin_).text() + " " +
                 child_name("hostmaster", origin_).text() + " 1 3600 600 86400 " + ttl));
  return *this;
}

Zone& Zone::without_soa() {
  with_soa_ = false;
  return *this;
}

Zone& Zone::delegates(std::string_view child, std::string_view address) {
  const Name name = Name::of(child);
  const std::string server = child_name("ns1", name).text();
  delegates_to(child, {{server, std::string(address)}});
  const std::string type = IpAddress::parse(address).value().is_v4() ? "A" : "AAAA";
  net_.zone(child).at(address).has(server + " 86400 IN " + type + " " + std::string(address));
  return *this;
}

Zone& Zone::delegates_to(std::string_view child, std::initializer_list<NamedServer> servers, std::uint32_t ttl) {
  return delegates_to(child, std::vector<NamedServer>(servers), ttl);
}

Zone& Zone::delegates_to(std::string_view child, const std::vector<NamedServer>& servers, std::uint32_t ttl) {
  const std::string seconds = " " + std::to_string(ttl) + " IN ";
  lacks(child, Type::NS);
  for (const auto& [name, glue] : servers) {
    put(Record::of(std::string(child) + seconds + "NS " + name));
    if (glue.empty()) { continue; }
    const std::string type = IpAddress::parse(glue).value().is_v4() ? "A " : "AAAA ";
    Record record = Record::of(name + seconds + type + glue);
    names_[record.owner][record.type].push_back(
        std::move(record));  // glue may lie outside the zone: hardening is tested with it
  }
  return *this;
}

Zone& Zone::undelegates(std::string_view child) { return lacks(child, Type::NS); }

const Zone::Sets* Zone::sets_of(NameView name) const {
  const auto found = names_.find(Name(name));
  return found == names_.end() ? nullptr : &found->second;
}

const std::vector<Record>* Zone::set_of(NameView name, Type type) const {
  const Sets* const sets = sets_of(name);
  if (sets == nullptr) { return nullptr; }
  const auto found = sets->find(type);
  return found == sets->end() ? nullptr : &found->second;
}

bool Zone::exists(NameView name) const {
  // In canonical order everything beneath a name follows right behind it.
  const auto next = names_.lower_bound(Name(name));
  return next != names_.end() && next->first.view().is_at_or_below(name);
}

// The delegation on the way down to the name, highest first; the root label's view of the name itself when there is
// none.
NameView Zone::cut_above(const QuestionSection& question) const {
  const NameView name = question.name;
  for (auto labels = static_cast<int>(origin_.view().labels()) + 1; labels <= name.labels(); ++labels) {
    const NameView at = name.suffix(u8(static_cast<std::size_t>(labels)));
    if (labels == name.labels() && question.type == Type::DS) { break; }  // the parent's own (RFC 4035 section 3.1.4.1)
    if (set_of(at, Type::NS) != nullptr) { return at; }
  }
  return origin_;
}

void Zone::refer(NameView cut, Message& reply) const {
  reply.aa = false;
  for (const Record& server : *set_of(cut, Type::NS)) {
    reply.authority.push_back(server);
    for (const Type type : {Type::A, Type::AAAA}) {
      const auto* const glue = set_of(target_of(server), type);
      if (glue != nullptr) { reply.additional.insert(reply.additional.end(), glue->begin(), glue->end()); }
    }
  }
  if (const auto* const ds = set_of(cut, Type::DS)) {
    reply.authority.insert(reply.authority.end(), ds->begin(), ds->end());
  }
}

void Zone::deny(Rcode rcode, Message& reply) const {
  reply.rcode = rcode;
  if (with_soa_) { reply.authority = *set_of(origin_, Type::SOA); }
}

bool Zone::answer_from(const Sets& sets, Name& name, Type type, Message& reply, Step& step) const {
  const auto add = [&](const std::vector<Record>& records) {
    for (Record record : records) {
      record.owner = name;  // what a wildcard expands to
      reply.answer.push_back(std::move(record));
    }
  };
  step = Step::done;
  if (type == Type::ANY) {
    for (const auto& [each, records] : sets) { add(records); }
    return true;
  }
  if (const auto found = sets.find(type); found != sets.end()) {
    add(found->second);
    return true;
  }
  if (const auto found = sets.find(Type::CNAME); found != sets.end()) {
    add(found->second);
    name = target_of(found->second.front());
    step = Step::alias;
    return true;
  }
  return false;
}

Zone::Step Zone::look_up(Name& name, Type type, Message& reply) const {
  Step step = Step::done;
  if (const Sets* const sets = sets_of(name)) {
    if (!answer_from(*sets, name, type, reply, step)) { deny(Rcode::no_error, reply); }
    return step;
  }
  NameView encloser = name;
  while (encloser.labels() > origin_.view().labels() && !exists(encloser)) { encloser = encloser.parent(); }
  if (const auto* const dname = set_of(encloser, Type::DNAME); dname != nullptr && encloser != name.view()) {
    const Name target = target_of(dname->front());
    const auto substituted = Name::substitute(name, encloser, target);
    reply.answer.push_back(dname->front());
    if (!substituted) {
      reply.rcode = Rcode::yx_domain;  // RFC 6672 section 2.2
      return Step::done;
    }
    reply.answer.push_back(
        Record::of(name.text() + " " + std::to_string(dname->front().ttl) + " IN CNAME " + substituted->text()));
    name = *substituted;
    return Step::alias;
  }
  if (encloser == name.view()) {
    deny(Rcode::no_error, reply);  // an empty non-terminal
    return Step::done;
  }
  const Sets* const wildcard = sets_of(child_name("*", encloser));
  if (wildcard == nullptr) {
    deny(Rcode::name_error, reply);
  } else if (!answer_from(*wildcard, name, type, reply, step)) {
    deny(Rcode::no_error, reply);
  }
  return step;
}

void Zone::answer(const QuestionSection& question, Message& reply) const {
  reply.aa = true;
  QuestionSection now = question;
  for (int aliases = 0; aliases < kMaxAliases; ++aliases) {
    if (!now.name.view().is_at_or_below(origin_)) { return; }  // the resolver's to follow
    const NameView cut = cut_above(now);
    if (cut != origin_.view()) {
      if (aliases == 0) { refer(cut, reply); }  // behind an alias the resolver finds its own way
      return;
    }
    if (look_up(now.name, now.type, reply) == Step::done) { return; }
  }
}

}  // namespace vouch::simulation
