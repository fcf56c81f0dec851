//! Versions, and preconditions on them.

use shared::domain::version::{Precondition, Version};

#[test]
fn a_precondition_holds_for_the_versions_that_it_names() {
    let [one, two, three] = [1, 2, 3].map(Version::new);
    let table = [
        (Precondition::None, vec![one, two, three]),
        (Precondition::OneOf(vec![]), vec![]),
        (Precondition::OneOf(vec![two]), vec![two]),
        (Precondition::OneOf(vec![three, one]), vec![one, three]),
    ];
    for (precondition, held) in table {
        let holds: Vec<_> =
            [one, two, three].into_iter().filter(|v| precondition.holds(*v)).collect();
        assert_eq!(holds, held, "{precondition:?}");
    }
    assert_eq!((Version::FIRST.get(), Version::FIRST.next().get()), (1, 2));
}
