"""Given names that lists of common names lack, chosen for this project.

Words and places that people are called, short forms, spellings of one's own, and names of languages
in Latin letters that are often passed over.
"""

from __future__ import annotations

WORDS = (  # in any case a name: the words around it have to tell
    "Hope Grace Joy Faith Patience Mercy Charity Summer Autumn Sage Rose Lily Dawn Amber Ruby "
    "Pearl "
    "Angel Destiny Precious Blessing Comfort Gift Prince King Will Mark Bill Frank Rob Drew Chase "
    "Grant Art Gene Rich Jack Miles Guy River Sky Ocean Wren Robin Jay Rusty Sandy Ginger Olive "
    "Iris Ivy Violet Daisy Poppy Heather Holly Jasmine Basil Rosemary June April May August "
    "Melody Harmony Carol Penny Misty Stormy Sunny Bunny Honey Candy Cherry Clementine Hazel "
    "Willow Aspen Juniper Clover Fern Briar Reed Clay Stone Cliff Ridge Forrest Wade Brooks Lake "
    "Storm Star Luna Nova Stella Aurora Skye Raven Phoenix Hunter Archer Mason Carter Cooper "
    "Parker Porter Taylor Tanner Baker Cook Sawyer Dean Earl Duke Major Royal Reign Legend Messiah "
    "Justice Liberty Serenity Trinity Genesis Nevaeh Heaven Chastity Constance Prudence Verity "
    "Temperance Winter Wednesday Tuesday Friday Season Story Rain Lux Pax Bear Fox Lark Dove Birdie"
).split()
PLACES = (
    "Paris London Brooklyn Dakota Chelsea Savannah Georgia India Asia Kenya Jordan Israel Austin "
    "Dallas Houston Carolina Virginia Florence Vienna Sydney Adelaide Bristol Kent Devon Lincoln "
    "Madison Cheyenne Sierra Montana Tennessee Memphis Boston Denver Camden Kingston Milan Roma "
    "Catalina Cuba Ireland Jersey Alabama Odessa Geneva Valencia Salem Shiloh Eden Zion Nile Rio"
).split()
SHORT = (
    "Abby Abs Ali Andi Annie Bea Bec Bex Bibi Bo Bri Cam Cass Cat Cece Char Chrissy Cici Coco Dani "
    "Deb Dee Di Dot Edie Effie Ellie Em Fi Flo Fran Freddie Gabs Gem Gigi Gwen Hals Hatty Izzy Jaz "
    "Jen Jess Jo Jojo Jools Kat Kaz Kiki Kim Kit Kris Lea Lex Lib Lil Liv Lo Lola Lou Lulu Mads "
    "Mags Mandy Marn Meg Mel Mia Mimi Min Mo Moll Nat Nell Nic Nina Nix Nonie Pam Pat Pip Pris Rae "
    "Ro Roz Sal Sam Shan Shaz Shell Soph Steph Sue Suze Syd Tam Tash Tess Tig Tina Tori Trace Tri "
    "Val Vee Vi Viv Wills Winnie Xan Zee Zo Dev Raj Sid Ved Manu Lupe Chuy Nacho Beto Pepe Paco "
    "Chayo Concha Lalo Memo Tere Mafe Juanpa Bola Tobi Kemi Seyi Femi Tolu Yinka Dayo Uche Obi "
    "Nana "
    "Kojo Esi Efua Yaa Afi Zuzu Misha Sasha Dasha Masha Vanya Kostya Zhenya Slava Asia Kasia Gosia "
    "Basia Ola Ula Aga Magda Jarek Tomek Krzys Bartek Niko Yanni Aki Taki Toula Soula Vicky Bim"
).split()
OWN_SPELLING = (
    "Jaxxon Kaylee-Ann Tayshaun DeShawn LaKeisha Kaytlyn Brayleigh Mckynleigh Jaeden Zaiden Khloee "
    "Aniyah Shaniqua Tyrese Jamarcus D'Andre Ta'Niya Ashleigh Kortney Mykala Jorja Alyxandra "
    "Bryttani "
    "Emmalee Haylee Jessyka Krystyn Lyndsay Madisyn Payzlee Raelynn Saydee Taylynn Wynter Xzavier "
    "Zoey-Mae Ellie-Mae Lilly-Rose Gracie-Lou Tommy-Lee Billie-Jo Bobbi Daryn Keiron Kasey "
    "Maddisyn "
    "Quaneisha Rayshawn Shanelle Treyvon Unique Vontae Ximena Yazmin Za'Kiyah Amiyah Bryleigh "
    "Cayson"
).split()
ELSEWHERE = (
    "Siobhan Niamh Saoirse Aoife Caoimhe Eilidh Llewellyn Angharad Bronwen Rhys Gwenllian Tadhg "
    "Oisin Cillian Maeve Sinead Grainne Ciara Roisin Orlaith Mairead Padraig Fionnuala Aine Eoin "
    "Iolo Ffion Cerys Nerys Seren Xiomara Itzel Yaritza Guadalupe Xochitl Citlali Quetzal Nayeli "
    "Anahi Izel Tlaloc Sacnite Ixchel Aitana Iker Nekane Ane Oihane Gorka Txomin Jordi Montserrat "
    "Ainhoa Nuria Laia Arnau Oriol Mireia Thibault Guillaume Maelle Solenne Gwenaelle Yannick Loic "
    "Anouk Eloise Capucine Bjork Sigrun Gudrun Astrid Solveig Ragnhild Torbjorn Asbjorn Oddny "
    "Hallgerd Thora Ilse Wiebke Heike Swantje Gesche Hauke Friederike Gunhild Lieselotte Joost "
    "Femke "
    "Sjoerd Fenna Tjitske Wytske Maarten Zsofia Boglarka Csilla Zsolt Gyorgyi Ildiko Wojciech "
    "Zbigniew Grazyna Malgorzata Agnieszka Ladislava Bozena Zdenka Ljubica Dragica Snezana Vesna "
    "Zlatko Ioana Ruxandra Bogdan Codruta Blerta Arta Besnik Shpresa Elif Zeynep Gulsum Ozgur "
    "Ilkay "
    "Nurgul Aysel Gulnara Leyla Khadija Oumaima Ikram Hajar Soukaina Yasmina Nguyet Thuy Hoa Huong "
    "Quyen Phuong Linh Trang Ngoc Dung Tien Bao Khanh Putu Wayan Ketut Nyoman Sri Dewi Ayu Indah "
    "Siti Nurul Fitri Wulan Rizky Jhun Jhoanna Maricel Rowena Ligaya Dalisay Bituin Nonoy Inday "
    "Makana Kawika Puanani Nohea Teuila Sina Malakai Semisi Litia Vika Adi Ratu Unaisi Marama "
    "Anahera Tui Rangi Waimarie Nokuthula Zanele Sibongile Thabo Lindiwe Busisiwe Mpho Tshepo "
    "Kgomotso "
    "Rutendo Tatenda Chipo Nyasha Wambui Nyambura Makena Atieno Akinyi Nakato Wasswa Nalubega "
    "Uwase "
    "Mutesi Habiba Amadou Binta Kadiatou Mariama Fanta Djeneba Sekou Yacine Astou Coumba Rokhaya "
    "Ebele Nkechi Obioma Chidinma Amarachi Onyeka Uzoma Ejiro Oghene Efe Osas Ivie Bisi Titilayo"
).split()
PARTICLES = (
    "van der", "van den", "de la", "de los", "del", "von", "bin", "al-", "el-", "O'", "Mc", "Mac",
    "D'", "di", "dos", "da", "ap", "ibn", "ter", "ten", "Fitz", "St.", "Ní", "Nic", "Ó ",
)  # fmt: skip
UNCOMMON = (*WORDS, *WORDS, *PLACES, *SHORT, *SHORT, *OWN_SPELLING, *ELSEWHERE, *ELSEWHERE)
