//! Email addresses: what is accepted has one form.

use shared::domain::email_address::{AddressDigest, EmailAddress, SpelledAddress};

pub(crate) fn read(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let spelled = match SpelledAddress::parse(&text) {
        Ok(spelled) => spelled,
        Err(error) => {
            assert!(error.code().starts_with("email_address."));
            let message = error.to_string();
            assert!(!message.contains(char::is_control), "{message:?}");
            assert_eq!(EmailAddress::parse(&text), Err(error));
            return true;
        }
    };
    let address = spelled.address();
    assert_eq!(EmailAddress::parse(&text).as_ref(), Ok(address));
    assert_eq!(format!("{address:?}"), format!("EmailAddress(***@{})", address.domain()));
    assert_eq!(AddressDigest::parse(address.digest().as_str()), Ok(address.digest()));

    // Each of its spellings is the address, and one of them is the only one of itself.
    let mut normal = Vec::new();
    for spelling in spelled.spellings() {
        let again = SpelledAddress::parse(spelling).expect("a spelling is an address");
        assert_eq!(again.address(), address, "{spelling:?}");
        assert_eq!(again.address().digest(), address.digest(), "{spelling:?}");
        if again.spellings().len() == 1 {
            normal.push(spelling.clone());
        }
    }
    assert_eq!(normal.len(), 1, "{normal:?} of {text:?}");
    for same in [text.to_ascii_uppercase(), text.to_ascii_lowercase()] {
        assert_eq!(EmailAddress::parse(&same).as_ref(), Ok(address), "{same:?}");
    }
    true
}
